import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { createLockout } from '../../src/credentials/lockout/lockout.ts'
import { lockoutPolicy } from '../../src/credentials/lockout/lockout-policy.ts'
import { createPasswordPolicy } from '../../src/credentials/password-policy.ts'
import { createPasswords } from '../../src/credentials/passwords.ts'
import { createAuthenticate } from '../../src/customers/authenticate.ts'
import { createProofs } from '../../src/customers/proof.ts'
import { createCustomerRecords } from '../../src/customers/records/customer-records.ts'
import { createMailBudgets } from '../../src/customers/recovery/recovery-budgets.ts'
import type { Letter } from '../../src/customers/recovery/recovery-letters.ts'
import { createRecoveryServices } from '../../src/customers/recovery/recovery-services.ts'
import { createRegistrationKeys } from '../../src/customers/recovery/registration-keys.ts'
import { createNoSelfService } from '../../src/customers/self-service/no-self-service.ts'
import { createSelfService, type SelfService } from '../../src/customers/self-service/self-service.ts'
import { createSqlDirectory } from '../../src/customers/sources/sql-directory.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { waitFor } from '../support/wait-for.ts'
import { useDatabase } from './database.ts'

const database = useDatabase()
const passwords = createPasswords()
const letters: Letter[] = []
const notes: { type: string; reason: string }[] = []
const ended: string[] = []
const ASKER = { ip: '192.0.2.1', languages: ['en'] }
const PASSWORD = 'the password they have'
const NEW = 'the password they want'

beforeEach(() => {
  for (const list of [letters, notes, ended]) list.splice(0)
})

/** The service over a real database, as the server makes it; what it sends and ends is written down. */
function open(given: Partial<Parameters<typeof createSelfService>[0]> = {}): SelfService {
  const { knex } = database
  const storage = createMemoryStorage()
  const directory = createSqlDirectory({ knex })
  const policy = lockoutPolicy(readConfig({}))
  const lockout = createLockout({ storage, policy, digestKey: 'digest' })
  const proofs = createProofs({ directory, isSignedOut: async () => false })
  const budgets = createMailBudgets({ storage, lockout, exemptsLoopback: false })
  const tellChanged = async () => {}
  const end = async (customerId: string) => void ended.push(customerId)
  const recovery = createRecoveryServices({
    ...{ knex, storage, directory, proofs, passwords, lockout, budgets },
    policy: createPasswordPolicy(),
    signOut: end,
    notePassword() {},
    endSignIns: end,
    noteEmailChange() {},
    note() {},
    postLetter: (write) => void write().then((letter) => letter && letters.push(letter)),
  })
  const authenticate = createAuthenticate({ directory, passwords, lockout })
  return createSelfService({
    ...{ knex, directory, recovery, tellChanged, proofs },
    records: createCustomerRecords({ knex, tellChanged }),
    registrationKeys: createRegistrationKeys({ knex }),
    authenticate,
    checkLogin: authenticate,
    endSignIns: end,
    note: (note) => void notes.push(note),
    isRegistrationOpen: true,
    needsConfirmation: true,
    canMail: true,
    confirmationPage: undefined,
    resetPage: undefined,
    ...given,
  })
}

async function customer({ email = `${randomUUID()}@example.com`, isConfirmed = true } = {}) {
  const id = randomUUID()
  const { scheme, hash } = await passwords.hash(PASSWORD)
  await database.knex('customers').insert({
    ...{ id, customer_reference: id, email, email_normalized: email, email_verified: isConfirmed, given_name: 'Ada' },
    ...{ password_scheme: scheme, password_hash: hash },
  })
  const found = await createSqlDirectory(database).findById(id)
  if (!found) throw new Error('not there')
  return found
}
const stored = async (id: string) => createSqlDirectory(database).findById(id)

describe('whether an address is free', () => {
  test('is always yes where addresses are confirmed, so that nobody learns who is a customer', async () => {
    const { email } = await customer()
    expect(await open().isAddressFree(email, ASKER)).toBe(true)
    expect(await open().isAddressFree('nobody@example.com', ASKER)).toBe(true)
  })

  test('is the truth where a registration would tell it too, and is not told without end', async () => {
    const { email } = await customer()
    const service = open({ needsConfirmation: false })
    expect(await service.isAddressFree(email.toUpperCase(), ASKER)).toBe(false)
    expect(await service.isAddressFree('nobody@example.com', ASKER)).toBe(true)
    const answers: unknown[] = []
    for (let count = 0; count < 60; count++) answers.push(await service.isAddressFree(`a${count}@example.com`, ASKER))
    expect(answers.at(-1)).toMatchObject({ outcome: 'too-many' })
  })
})

describe('a key for a new password that an API asked for', () => {
  test('sets it once, for the customer it was made for, and ends the sign-ins', async () => {
    const service = open()
    const [own, other] = [await customer(), await customer()]
    const key = String(await service.issueResetKey(own, 600))
    const context = { ip: ASKER.ip, languages: [] }
    const crossed = await service.resetPassword({ key, password: NEW, email: other.email }, context)
    expect(crossed).toEqual({ outcome: 'invalid-key' })
    const done = await service.resetPassword({ key, password: NEW, email: own.email.toUpperCase() }, context)
    expect(done).toMatchObject({ outcome: 'changed', customer: { id: own.id } })
    expect(await service.resetPassword({ key, password: NEW }, context)).toEqual({ outcome: 'invalid-key' })
    expect(ended).toEqual([own.id])
  })

  test('is dead once a newer one was made, or the password changed', async () => {
    const service = open()
    const own = await customer()
    const [first, second] = [await service.issueResetKey(own, 600), await service.issueResetKey(own, 600)]
    const reset = (key: unknown) =>
      service.resetPassword({ key: String(key), password: NEW }, { ip: ASKER.ip, languages: [] })
    expect((await reset(first)).outcome).toBe('invalid-key')
    const changed = await service.changePassword(own, { current: PASSWORD, next: NEW }, { ip: ASKER.ip, languages: [] })
    expect(changed).toEqual({ outcome: 'changed' })
    expect((await reset(second)).outcome).toBe('invalid-key')
  })
})

describe('a confirmation', () => {
  test.each([
    [
      'a key that an API asked for',
      async (service: SelfService, id: string) => {
        const found = await stored(id)
        return String(found && (await service.issueConfirmationKey(found)))
      },
    ],
    [
      'the key of a letter',
      async (service: SelfService, id: string) => {
        const found = await stored(id)
        expect(await service.requestConfirmation(String(found?.email), ASKER)).toEqual({ outcome: 'requested' })
        return String((await waitFor(() => letters[0])).token)
      },
    ],
  ])('by %s works once', async (_, keyFor) => {
    const service = open()
    const { id } = await customer({ isConfirmed: false })
    const key = await keyFor(service, id)
    expect([(await service.confirm(key))?.id, await service.confirm(key)]).toEqual([id, undefined])
    expect((await stored(id))?.emailVerified).toBe(true)
  })

  test('is not mailed to who is confirmed, and the answer is the same', async () => {
    const { email } = await customer()
    const service = open()
    for (const login of [email, 'nobody@example.com'])
      expect(await service.requestConfirmation(login, ASKER)).toEqual({ outcome: 'requested' })
    const { email: unconfirmed } = await customer({ isConfirmed: false })
    await service.requestConfirmation(unconfirmed, ASKER)
    await waitFor(() => letters.length > 0)
    expect(letters.map(({ to }) => to)).toEqual([unconfirmed])
  })
})

test('a number that an import took while the address was being confirmed is replaced by another', async () => {
  const service = open()
  const email = `${randomUUID()}@example.com`
  const registered = await service.register({ email, password: NEW }, ASKER)
  if (registered.outcome !== 'unconfirmed') throw new Error(registered.outcome)
  const { id, idCustomer } = registered.account
  const taker = await customer()
  await database.knex('customers').where({ id: taker.id }).update({ id_customer: idCustomer })
  expect(await service.confirm(String((await waitFor(() => letters[0])).token))).toMatchObject({ id, email })
  const made = await stored(id)
  expect(made).toMatchObject({ email, emailVerified: true })
  expect(made?.idCustomer).not.toBe(idCustomer)
})

describe('a changed profile', () => {
  test('keeps what is not given, removes what is null, and is noted without its values', async () => {
    const { id } = await customer()
    const changed = await open().changeProfile(id, { givenName: ' Grace ', familyName: 'Hopper', locale: 'en_US' })
    expect(changed).toMatchObject({ outcome: 'changed', customer: { givenName: 'Grace', familyName: 'Hopper' } })
    await open().changeProfile(id, { familyName: null })
    expect(await stored(id)).toMatchObject({ givenName: 'Grace', locale: 'en_US' })
    expect(await stored(id)).not.toHaveProperty('familyName')
    await open().changeProfile(id, { givenName: 'Grace' })
    expect(notes.map(({ reason }) => reason)).toEqual([
      'by the customer: givenName, familyName, locale',
      'by the customer: familyName',
    ])
  })

  test.each([
    ['mark-up', { givenName: '<b>Ada</b>' }, 'givenName'],
    ['blanks', { familyName: '  ' }, 'familyName'],
    ['a long name', { familyName: 'x'.repeat(65) }, 'familyName'],
    ['no language', { locale: 'English please' }, 'locale'],
  ])('of %s is refused, and changes nothing', async (_, profile, member) => {
    const before = await customer()
    expect(await open().changeProfile(before.id, profile)).toEqual({ outcome: 'invalid', members: [member] })
    expect(await stored(before.id)).toEqual(before)
    expect(notes).toEqual([])
  })
})

const ACTS: readonly (readonly [string, (service: SelfService) => Promise<unknown>])[] = [
  ['register', (service) => service.register({ email: 'a@example.com', password: NEW }, ASKER)],
  ['isAddressFree', (service) => service.isAddressFree('a@example.com', ASKER)],
  ['requestConfirmation', (service) => service.requestConfirmation('a@example.com', ASKER)],
  ['requestPasswordReset', (service) => service.requestPasswordReset('a@example.com', ASKER)],
]
const unavailable = (why: string) => ({ outcome: 'unavailable', why })

test.each(ACTS)('%s is not available where the shop keeps its customers', async (_, act) => {
  expect(
    await act(
      createNoSelfService({
        registrationKeys: { confirm: async () => undefined },
        directory: { findById: async () => undefined },
        checkLogin: async () => ({ outcome: 'refused', reason: 'unknown' }),
      }),
    ),
  ).toEqual(unavailable('shop-keeps-customers'))
})

test.each(ACTS.filter(([name]) => name !== 'isAddressFree'))(
  '%s is not available where no mail can be sent',
  async (_, act) => {
    expect(await act(open({ canMail: false }))).toEqual(unavailable('no-mail'))
  },
)

test.each(ACTS.slice(0, 2))('%s is not available where registration is closed', async (_, act) => {
  expect(await act(open({ isRegistrationOpen: false }))).toEqual(unavailable('registration-closed'))
})
