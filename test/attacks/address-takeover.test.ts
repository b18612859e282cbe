import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AuditEntry } from '../../src/audit/chain.ts'
import { createPasswords } from '../../src/credentials/passwords.ts'
import { type Asked, ask, OWNER, tokenOf } from '../admin/administrators.ts'
import { introspect, tokensOf } from '../endpoints/client.ts'
import { type HostedShop, isSignedIn, startHostedShop, type TestCustomer } from '../interaction/hosted-shop.ts'
import { RECOVERY_LINK } from '../interaction/mail-sink.ts'

let shop: HostedShop
beforeAll(async () => {
  shop = await startHostedShop()
})
afterAll(() => shop?.stop())

const NEW = 'what the thief would like'
const patch = ({ id }: TestCustomer, body: object, token = OWNER): Promise<Asked> =>
  ask(shop.server, token, 'PATCH', `/v1/customers/${id}`, body, { 'If-Match': '*' })

/** Every way in which an operator gives a customer another address. */
const WAYS: readonly (readonly [string, string, (customer: TestCustomer, email: string) => Promise<unknown>])[] = [
  ['the admin API', 'by an operator', (customer, email) => patch(customer, { email })],
  ['an import', 'by an import', (customer, email) => shop.changeEmail(customer, email)],
]

test.each(['viewer', 'support'] as const)('a %s cannot change an address', async (role) => {
  const customer = await shop.addCustomer()
  const answer = await patch(customer, { email: `thief-${customer.email}` }, await tokenOf(shop.server, role))
  expect(answer.status).toBe(403)
  expect(isSignedIn(await shop.visitor().signIn(customer))).toBe(true)
})

test('support changes names as before, and security changes addresses', async () => {
  const customer = await shop.addCustomer()
  const [support, security] = [await tokenOf(shop.server, 'support'), await tokenOf(shop.server, 'security')]
  expect((await patch(customer, { familyName: 'Weber' }, support)).status).toBe(200)
  expect((await patch(customer, { email: `moved-${customer.email}` }, security)).status).toBe(200)
})

describe.each(WAYS)('an address changed by %s', (_, reason, change) => {
  test('ends every sign-in, is told to the former address, and audited as what it is', async () => {
    const customer = await shop.addCustomer()
    const { access_token } = await tokensOf(shop.server.url, { username: customer.email, password: customer.password })
    const moved = `moved-${customer.email}`
    await change(customer, moved)
    expect(await introspect(shop.server.url, access_token)).toEqual({ active: false })
    const mail = await shop.sink.mailTo(customer.email)
    expect(mail.subject).toContain('was changed')
    expect(mail.text).toContain('7 days')
    expect(mail.text).not.toContain(moved)
    const entries = await entriesOf(customer)
    expect(entries).toEqual([expect.objectContaining({ actor: 'admin', reason })])
    expect(JSON.stringify(entries)).not.toContain(customer.email)
  })

  test('is undone by the link, once: the address is back, and whoever used the new one is out', async () => {
    const customer = await shop.addCustomer()
    const moved = `moved-${customer.email}`
    await change(customer, moved)
    const { link } = await shop.sink.mailTo(customer.email)
    await recover(moved)
    const thief = shop.visitor()
    expect(isSignedIn(await thief.signIn({ email: moved, password: NEW }))).toBe(true)

    const owner = shop.visitor()
    const page = await owner.open(link)
    expect(isSignedIn(await thief.openLogin())).toBe(true)
    const done = await owner.submit(page, '/email-undo')
    expect(done.html).toContain('Your e-mail address is restored')
    expect(isSignedIn(await thief.openLogin())).toBe(false)
    for (const email of [moved, customer.email])
      expect(isSignedIn(await shop.visitor().signIn({ email, password: NEW }))).toBe(false)
    expect((await owner.open(link)).status).toBe(410)
    expect((await owner.submit(page, '/email-undo')).status).toBe(410)
    expect((await entriesOf(customer))[0]).toMatchObject({ reason: 'undone from the former address' })
    await recover(customer.email)
    expect(isSignedIn(await shop.visitor().signIn({ ...customer, password: NEW }))).toBe(true)
  })
})

test('the password that was there before the change stays when it is undone', async () => {
  const customer = await shop.addCustomer()
  await patch(customer, { email: `moved-${customer.email}` })
  await undo((await shop.sink.mailTo(customer.email)).link)
  expect(isSignedIn(await shop.visitor().signIn(customer))).toBe(true)
})

test('a password that came with the address, in one line of an import, goes with it when the change is undone', async () => {
  const customer = await shop.addCustomer()
  const moved = `moved-${customer.email}`
  await shop.importRecord({
    customerReference: `test-${Number(customer.id.slice(-12))}`,
    email: moved,
    emailVerified: true,
    password: await createPasswords().hash(NEW),
  })
  expect(isSignedIn(await shop.visitor().signIn({ email: moved, password: NEW }))).toBe(true)
  expect(await undo((await shop.sink.mailTo(customer.email)).link)).toBe(200)
  expect(isSignedIn(await shop.visitor().signIn({ email: customer.email, password: NEW }))).toBe(false)
  await recover(customer.email)
  expect(isSignedIn(await shop.visitor().signIn({ email: customer.email, password: NEW }))).toBe(true)
})

test('after the owner has undone a change, no link to an address in between takes the account back', async () => {
  const customer = await shop.addCustomer()
  const [second, third] = [`second-${customer.email}`, `third-${customer.email}`]
  await patch(customer, { email: second })
  await patch(customer, { email: third })
  const { link } = await shop.sink.mailTo(customer.email)
  expect(await undo(link)).toBe(200)
  expect(await undo((await shop.sink.mailTo(second)).link)).toBe(410)
  expect(isSignedIn(await shop.visitor().signIn(customer))).toBe(true)
})

test('the owner undoes a change also after the address in between undid the one after it', async () => {
  const customer = await shop.addCustomer()
  const [second, third] = [`second-${customer.email}`, `third-${customer.email}`]
  await patch(customer, { email: second })
  await patch(customer, { email: third })
  const { link } = await shop.sink.mailTo(customer.email)
  expect(await undo((await shop.sink.mailTo(second)).link)).toBe(200)
  expect(await undo(link)).toBe(200)
  expect(isSignedIn(await shop.visitor().signIn(customer))).toBe(true)
})

test('an address that has another owner by now is not taken from them', async () => {
  const customer = await shop.addCustomer()
  await patch(customer, { email: `moved-${customer.email}` })
  const { link } = await shop.sink.mailTo(customer.email)
  const next = await shop.addCustomer({ email: customer.email })
  expect(await undo(link)).toBe(410)
  expect(isSignedIn(await shop.visitor().signIn(next))).toBe(true)
})

test('the link of an erased customer restores nothing', async () => {
  const customer = await shop.addCustomer()
  await patch(customer, { email: `moved-${customer.email}` })
  const { link } = await shop.sink.mailTo(customer.email)
  await ask(shop.server, OWNER, 'POST', `/v1/customers/test-${Number(customer.id.slice(-12))}/erase`)
  expect((await shop.visitor().open(link)).status).toBe(410)
})

/** Follows a link and presses the button; the status of what came last. */
async function undo(link: string): Promise<number> {
  const visitor = shop.visitor()
  const page = await visitor.open(link)
  return page.status === 200 ? (await visitor.submit(page, '/email-undo')).status : page.status
}

/** Sets `NEW` by a link that is sent to an address. */
async function recover(email: string): Promise<void> {
  const visitor = shop.visitor()
  await visitor.submit(await visitor.open('/recovery'), '/recovery', { login: email })
  const page = await visitor.open((await shop.sink.mailTo(email, 1, RECOVERY_LINK)).link)
  await visitor.submit(page, '/recovery/new', { password: NEW, repeated: NEW })
}

/** The newest first. */
async function entriesOf({ id }: TestCustomer): Promise<AuditEntry[]> {
  const answer = await ask(shop.server, OWNER, 'GET', `/v1/audit?type=customer.email-changed&customerId=${id}`)
  return answer.body.items as AuditEntry[]
}
