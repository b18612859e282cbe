import { argon2Sync, hash } from 'node:crypto'
import { hashSync } from '@node-rs/bcrypt'

type Line = Record<string, unknown>

/** A customer that an import file names, with the password that signs them in afterwards. */
export type Person = {
  readonly customerReference: string
  readonly email: string
  readonly password: string
  readonly kind: string
}

/** A row that a shop's database can hold and an import must refuse. */
export type OddRow = {
  readonly what: string
  readonly reason: RegExp
  /** What an operator makes of it. Without it the row is somebody's second one in the file, and goes. */
  readonly mended?: Line
  /** The customer of the other shop whose account the mended row becomes a part of. */
  readonly joins?: string
}

export type ShopFile = {
  readonly bytes: Buffer
  readonly blankLines: number
  /** Whom a first import stores. */
  readonly people: readonly Person[]
  /** By line number of the file. */
  readonly odd: ReadonlyMap<number, OddRow>
}

type Row = { readonly text: string | Buffer; readonly odd?: OddRow; readonly person?: Person }

const uuid = (kind: string, index: number) => `${kind.repeat(8)}-0000-4000-8000-${String(index).padStart(12, '0')}`
const hex = (bytes: Buffer) => bytes.toString('hex')

/** Families that ASCII, a byte of Latin-1, or a single way of writing would lose. */
const FAMILIES = [
  'Wagner',
  'Jørgensen',
  'Šťastná',
  'Παπαδοπούλου',
  '小林',
  'O’Neil',
  'de\u0301coupe\u0301',
  '🛒 & Söhne',
]

/** Magento 2: md5 and sha256 with salts, and rows that an upgrade put into argon2id; BOM, CRLF, no newline at the end. */
export function magentoFile(size: number): ShopFile {
  const email = (index: number) => `kunde${index}@shop.example`
  const line = (index: number, rest: Line = {}): Line => ({
    customerReference: `M2--${index}`,
    idCustomer: index,
    email: email(index),
    givenName: 'Änne',
    familyName: FAMILIES[index % FAMILIES.length],
    emailVerified: true,
    status: 'active',
    password: { scheme: 'magento', hash: magentoHash(index).hash },
    ...rest,
  })
  const row = (index: number, rest: Line = {}): Row => {
    const { kind, password } = magentoHash(index)
    const person = { customerReference: `M2--${index}`, email: email(index), password, kind }
    return { text: JSON.stringify(line(index, rest)), person }
  }
  const bad = (index: number, what: string, reason: RegExp, rest: Line): Row => ({
    text: JSON.stringify(line(index, rest)),
    odd: { what, reason, mended: line(index) },
  })
  const again = (index: number, what: string, reason: RegExp, rest: Line): Row => ({
    text: JSON.stringify(line(index, rest)),
    odd: { what, reason },
  })
  const hashed = (text: string) => ({ password: { scheme: 'magento', hash: text } })
  const odd: ((index: number) => Row)[] = [
    () => ({ text: '' }),
    () => ({ text: '   \t' }),
    () => again(1, 'a customer twice', /customerReference M2--1 is on line 1 already/, {}),
    (index) =>
      again(index, 'an address twice, in capitals', /^email is on line 2 already/, { email: email(2).toUpperCase() }),
    (index) => bad(index, 'a number twice', /idCustomer 3 is on line 3 already/, { idCustomer: 3 }),
    (index) => bad(index, 'no address', /^email: must be an e-mail address/, { email: 'kunde at shop.example' }),
    (index) => bad(index, 'an empty address', /^email: must be an e-mail address/, { email: '' }),
    (index) =>
      bad(index, 'an address that is too long', /^email: must have at most 254 characters$/, {
        email: `${'k'.repeat(250)}@shop.example`,
      }),
    (index) => bad(index, 'an empty hash', /^password\.hash: must not be empty$/, hashed('')),
    (index) => bad(index, 'no hash', /^password\.hash: must be text$/, { password: { scheme: 'magento', hash: null } }),
    (index) => bad(index, 'an unknown scheme', /scheme/, { password: { scheme: 'blowfish', hash: 'x' } }),
    (index) => bad(index, 'a hash of Magento 1', /add :0/, hashed('67a1e09bb1f83f5007dc119c14d663aa:salt')),
    (index) => bad(index, 'a password as it was typed', /hash:salt:versions/, hashed('hunter2')),
    (index) =>
      bad(index, 'a name of 320 characters', /^familyName: must have at most 255 characters$/, {
        familyName: 'Ü'.repeat(320),
      }),
    (index) => bad(index, 'a number as text', /^idCustomer: must be a number$/, { idCustomer: String(index) }),
    (index) => bad(index, 'a flag as a number', /^emailVerified: must be true or false$/, { emailVerified: 1 }),
    (index) => bad(index, 'a status of the shop', /^status: must be "active" or "blocked"$/, { status: 'inactive' }),
    (index) => bad(index, 'a column of the shop', /^has no member "group_id"$/, { group_id: 1 }),
    (index) => bad(index, 'a NUL', /^givenName: .*NUL/, { givenName: 'Än\0ne' }),
    (index) => ({
      text: JSON.stringify(line(index)).slice(0, -20),
      odd: { what: 'a line that was cut', reason: /^is not JSON$/, mended: line(index) },
    }),
    (index) => ({
      text: Buffer.from(JSON.stringify(line(index, { familyName: 'Jørgensen' })), 'latin1'),
      odd: { what: 'a line in Latin-1', reason: /^is not UTF-8/, mended: line(index) },
    }),
    (index) => row(index, { email: `  ${email(index)} ` }),
    (index) => row(index, { email: email(index).toUpperCase() }),
    (index) => row(index, { familyName: 'Ü'.repeat(255) }),
  ]
  return fileOf(rowsOf(size, row, odd), { start: '\ufeff', end: '\r\n', hasLastEnd: false })
}

/** Spryker: bcrypt, and companies with units, roles and permissions; a tenth has an account in the Magento shop as well. */
export function sprykerFile(size: number): ShopFile {
  const email = (index: number) => `buyer${index}@firm.example`
  const company = (index: number) => Math.floor(index / 10) + 1
  const companyUser = (index: number, rest: Line = {}): Line => ({
    id: uuid('b', index),
    company: { id: uuid('c', company(index)), name: `Firma ${company(index)} GmbH & Co. KG`, status: 'approved' },
    businessUnit: { id: uuid('e', company(index)), name: 'Headquarters' },
    isDefault: true,
    roles: [
      {
        id: uuid('d', company(index)),
        name: 'Buyer',
        permissions: [{ key: 'AddCartItemPermissionPlugin', configuration: { cents: 100_00 } }],
      },
    ],
    ...rest,
  })
  const line = (index: number, rest: Line = {}): Line => ({
    customerReference: `DE--${index}`,
    email: email(index),
    givenName: 'Zoë',
    familyName: FAMILIES[index % FAMILIES.length],
    emailVerified: index % 40 !== 7,
    status: 'active',
    password: { scheme: 'spryker', hash: bcrypt(`Einkauf-${index}`) },
    companyUsers: index % 3 === 0 ? [] : [companyUser(index)],
    ...rest,
  })
  const row = (index: number, rest: Line = {}): Row => ({
    text: JSON.stringify(line(index, rest)),
    person: {
      customerReference: `DE--${index}`,
      email: email(index),
      password: `Einkauf-${index}`,
      kind: index % 40 === 7 ? 'unconfirmed' : index % 3 === 0 ? 'bcrypt' : 'bcrypt of a company user',
    },
  })
  const bad = (index: number, what: string, reason: RegExp, rest: Line): Row => ({
    text: JSON.stringify(line(index, rest)),
    odd: { what, reason, mended: line(index) },
  })
  const elsewhere = (index: number): Row => {
    const other = index - size / 2
    const { password: _, ...rest } = line(index, { email: `Kunde${other}@Shop.example` })
    return {
      text: JSON.stringify(line(index, rest)),
      odd: {
        what: 'an account in the other shop',
        reason: new RegExp(`^email belongs to customer M2--${other}$`),
        mended: { ...rest, customerReference: `M2--${other}`, companyUsers: [companyUser(index)] },
        joins: `M2--${other}`,
      },
    }
  }
  const foreign = { id: uuid('c', 99), name: 'Other', status: 'approved' }
  const odd: ((index: number) => Row)[] = [
    () => ({ text: '' }),
    (index) =>
      bad(index, 'a unit of another company', /^business unit .* belongs to another company$/, {
        companyUsers: [
          companyUser(index, { company: foreign, businessUnit: { id: uuid('e', 1), name: 'X' }, roles: [] }),
        ],
      }),
    (index) =>
      bad(index, 'a role of another company', /^role .* belongs to another company$/, {
        companyUsers: [companyUser(index, { company: foreign, businessUnit: undefined })],
      }),
    (index) =>
      bad(index, "another customer's company user", /^company user .* belongs to another customer$/, {
        companyUsers: [companyUser(2)],
      }),
    (index) =>
      bad(index, 'a company user twice', /^company user .* is given twice$/, {
        companyUsers: [companyUser(index), companyUser(index)],
      }),
    (index) =>
      bad(index, 'a company user without a company', /^companyUsers\.0\.company: is missing$/, {
        companyUsers: [{ id: uuid('b', index) }],
      }),
    (index) =>
      bad(index, 'a company that waits', /company\.status: must be "approved" or "blocked"$/, {
        companyUsers: [companyUser(index, { company: { id: uuid('c', 1), name: 'X', status: 'pending' } })],
      }),
    (index) =>
      bad(index, 'a bcrypt that was cut', /60 characters/, {
        password: { scheme: 'spryker', hash: bcrypt('x').slice(0, 50) },
      }),
    ...Array.from({ length: Math.max(2, size / 10) }, () => elsewhere),
  ]
  return fileOf(rowsOf(size, row, odd), { start: '', end: '\n', hasLastEnd: true })
}

/** Odd rows in place of the last ones, each by the number of the customer it stands for; blank ones stand for nobody. */
function rowsOf(size: number, row: (index: number) => Row, odd: readonly ((index: number) => Row)[]): Row[] {
  const isBlank = (make: (index: number) => Row) => String(make(size).text).trim() === ''
  const first = size - odd.filter((make) => !isBlank(make)).length + 1
  const good = Array.from({ length: first - 1 }, (_, index) => row(index + 1))
  let next = first
  return [...good, ...odd.map((make) => (isBlank(make) ? make(0) : make(next++)))]
}

function fileOf(rows: readonly Row[], form: { start: string; end: string; hasLastEnd: boolean }): ShopFile {
  const pieces = rows.flatMap(({ text }, index) => {
    const hasEnd = form.hasLastEnd || index < rows.length - 1
    return [typeof text === 'string' ? Buffer.from(text) : text, Buffer.from(hasEnd ? form.end : '')]
  })
  return {
    bytes: Buffer.concat([Buffer.from(form.start), ...pieces]),
    blankLines: rows.filter(({ text }) => String(text).trim() === '').length,
    people: rows.flatMap(({ person }) => person ?? []),
    odd: new Map(rows.flatMap(({ odd }, index) => (odd ? [[index + 1, odd] as const] : []))),
  }
}

/** Each customer has a password of their own, so that a hash in another row is noticed. */
function magentoHash(index: number): { hash: string; kind: string; password: string } {
  const password = `Passwort-${index}`
  const salt = `salt${index}`.padEnd(16, '.')
  const sha256 = hash('sha256', salt + password)
  if (index % 50 === 0) {
    const tag = argon2Sync('argon2id', { ...ARGON, message: sha256, nonce: Buffer.from(salt) })
    return { hash: `${hex(tag)}:${salt}:1:2`, kind: 'sha256 in argon2id', password }
  }
  return index % 5 === 0
    ? { hash: `${hash('md5', salt + password)}:${salt}:0`, kind: 'md5', password }
    : { hash: `${sha256}:${salt}:1`, kind: 'sha256', password }
}

/** Those of Magento's version 2. */
const ARGON = { parallelism: 1, tagLength: 32, memory: 65_536, passes: 2 }

const bcrypt = (password: string) => hashSync(password, 4).replace('$2b$', '$2y$')
