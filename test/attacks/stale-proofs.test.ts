import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createShopService } from '../../docs/how-to/shop-directory-example.ts'
import { createPasswords } from '../../src/credentials/passwords.ts'
import { ask, OWNER } from '../admin/administrators.ts'
import { type HostedShop, isSignedIn, startHostedShop, type TestCustomer } from '../interaction/hosted-shop.ts'
import { RECOVERY_LINK } from '../interaction/mail-sink.ts'
import { STORED_PROOFS, THEIRS } from './stored-proofs.ts'

const SETTINGS = {
  DIALECTS: 'spryker,elastic-path,slas',
  SIGN_IN_LINK_REUSABLE: 'true',
  SLAS_LOGIN_INTERVAL_SECONDS: '0',
} as const

let shop: HostedShop
beforeAll(async () => {
  shop = await startHostedShop(SETTINGS)
})
afterAll(() => shop?.stop())

const passwords = createPasswords()
const NEW = 'the owner chose this one'

/** Everything after which nothing that was proved about a customer before may be worth anything. */
const EVENTS: readonly (readonly [string, (customer: TestCustomer) => Promise<unknown>])[] = [
  ['the customer has recovered the password', recover],
  ['the customer was signed out everywhere', ({ id }) => admin('POST', '/v1/sign-outs', { of: 'customer', id })],
  ['everybody was signed out', () => admin('POST', '/v1/sign-outs', { of: 'everybody' })],
  [
    'the customer was blocked, and unblocked',
    async ({ id }) => {
      await admin('POST', `/v1/customers/${id}/block`)
      await admin('POST', `/v1/customers/${id}/unblock`)
    },
  ],
  ['an import brought another password', async (customer) => bring(customer, { password: await passwords.hash(NEW) })],
  ['an import brought another address', (customer) => bring(customer, { email: `moved-${customer.email}` })],
  [
    'an import blocked the customer, who was unblocked',
    async (customer) => {
      await bring(customer, { status: 'blocked' })
      await admin('POST', `/v1/customers/${customer.id}/unblock`)
    },
  ],
  [
    'the address was changed, and confirmed',
    async ({ id, email }) => {
      await admin('PATCH', `/v1/customers/${id}`, { email: `moved-${email}` })
      await admin('POST', `/v1/customers/${id}/confirm`)
    },
  ],
  ['the customer was erased', (customer) => admin('POST', `/v1/customers/${referenceOf(customer)}/erase`)],
]

test.each(STORED_PROOFS)('$name works while nothing has happened', async (proof) => {
  const use = await proof.keep(shop, await customerFor(proof))
  expect(await use()).toBe(true)
})

const CASES = STORED_PROOFS.flatMap((proof) => EVENTS.map(([event, happen]) => ({ ...proof, event, happen })))

test.each(CASES)('$name is worth nothing after $event', async ({ happen, ...proof }) => {
  const customer = await customerFor(proof)
  const use = await proof.keep(shop, customer)
  await happen(customer)
  expect(await use()).toBe(false)
  if (proof.setsPassword) expect(isSignedIn(await shop.visitor().signIn({ ...customer, password: THEIRS }))).toBe(false)
})

describe.each([
  ['the shop’s own service', 'SHOP_DIRECTORY_URL', 'SHOP_DIRECTORY_TOKEN'],
  ['the service of the shop that customers come from', 'LEGACY_DIRECTORY_URL', 'LEGACY_DIRECTORY_TOKEN'],
] as const)('where passwords are checked by %s', (_, address, token) => {
  const proofs = STORED_PROOFS.filter(
    ({ isWeak, isUnconfirmed, isOurs, setsPassword }) => !isWeak && !isUnconfirmed && !isOurs && !setsPassword,
  )
  const customers = proofs.map((_, index) => ({
    id: `00000000-0000-4000-8000-000000000${901 + index}`,
    email: `elsewhere${index}@example.com`,
    password: `a good password ${index}`,
  }))
  let service: Server
  let other: HostedShop
  beforeAll(async () => {
    const records = customers.map(({ id, email, password }, index) => ({
      customer: { id, idCustomer: 901 + index, email, customerReference: referenceOf({ id }), emailVerified: true },
      password,
    }))
    service = createShopService(records, 'shop-token').listen(0, '127.0.0.1')
    await once(service, 'listening')
    const { port } = service.address() as AddressInfo
    const settings = { [address]: `http://127.0.0.1:${port}`, [token]: 'shop-token' }
    other = await startHostedShop({ ...SETTINGS, ...settings })
  })
  afterAll(async () => {
    await other?.stop()
    service?.close()
  })

  test.each(proofs.map((proof, index) => ({ ...proof, index })))('$name ends with a sign-out', async (proof) => {
    const customer = customers[proof.index] as TestCustomer
    expect(isSignedIn(await other.visitor().signIn(customer))).toBe(true)
    const use = await proof.keep(other, customer)
    await admin('POST', '/v1/sign-outs', { of: 'customer', id: customer.id }, other)
    expect(await use()).toBe(false)
    expect(await (await proof.keep(other, customer))()).toBe(true)
  })
})

function customerFor({ isWeak, isUnconfirmed }: Pick<(typeof STORED_PROOFS)[number], 'isWeak' | 'isUnconfirmed'>) {
  return shop.addCustomer({ ...(isWeak && { password: 'password1' }), ...(isUnconfirmed && { emailVerified: false }) })
}

async function recover({ email }: TestCustomer): Promise<void> {
  const visitor = shop.visitor()
  const sent = shop.sink.mailsTo(email).filter(({ link }) => RECOVERY_LINK.test(link)).length
  await visitor.submit(await visitor.open('/recovery'), '/recovery', { login: email })
  const page = await visitor.open((await shop.sink.mailTo(email, sent + 1, RECOVERY_LINK)).link)
  const done = await visitor.submit(page, '/recovery/new', { password: NEW, repeated: NEW })
  if (!done.url.includes('/done/')) throw new Error(`not recovered: ${done.html}`)
}

async function bring(customer: TestCustomer, changed: object): Promise<void> {
  const record = { email: customer.email, customerReference: referenceOf(customer), ...changed }
  await admin('POST', '/v1/customers/import', `${JSON.stringify(record)}\n`)
}

async function admin(method: string, path: string, body?: unknown, { server } = shop): Promise<void> {
  const { status } = await ask(server, OWNER, method, path, body, { 'If-Match': '*' })
  if (status >= 300) throw new Error(`${method} ${path}: ${status}`)
}

function referenceOf({ id }: Pick<TestCustomer, 'id'>): string {
  return `test-${Number(id.slice(-12))}`
}
