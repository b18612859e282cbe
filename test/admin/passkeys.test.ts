import { afterAll, beforeAll, expect, test } from 'vitest'
import { runCommand } from '../cli/run-command.ts'
import { introspect, tokensOf } from '../endpoints/client.ts'
import { type HostedShop, isSignedIn, startHostedShop } from '../interaction/hosted-shop.ts'
import { customerWithPasskey, signInWith } from '../interaction/passkey-visitor.ts'
import { ask, OWNER } from './administrators.ts'

let shop: HostedShop
beforeAll(async () => {
  shop = await startHostedShop()
})
afterAll(() => shop?.stop())

const customers = (...args: readonly string[]) =>
  runCommand(['customers', ...args], { ADMIN_URL: shop.server.adminUrl, ADMIN_TOKEN: OWNER })

test('an operator sees the passkeys of a customer, and nothing that would forge one', async () => {
  const owner = await customerWithPasskey(shop)
  await signInWith(owner, shop.visitor())
  const { status, body } = await ask(shop.server, OWNER, 'GET', `/v1/customers/${owner.customer.id}/passkeys`)
  expect(status).toBe(200)
  const shown = {
    id: expect.any(String),
    isBackedUp: true,
    createdAt: expect.any(Number),
    lastUsedAt: expect.any(Number),
  }
  expect(body.items).toEqual([shown])
  const { stdout } = await customers('passkeys', owner.customer.email)
  expect(stdout).toContain(String((body.items as { id: string }[])[0]?.id))
})

test('a passkey that an operator removes signs in no more; the customer is signed out, told and on the trail', async () => {
  const owner = await customerWithPasskey(shop)
  const { id, email, password } = owner.customer
  const tokens = await tokensOf(shop.server.url, { username: email, password })
  const { items } = JSON.parse((await customers('passkeys', email, '--json')).stdout) as { items: { id: string }[] }
  const passkey = items[0]?.id ?? ''
  const removed = await customers('remove-passkey', email, passkey)
  expect(removed).toMatchObject({ code: 0, stdout: expect.stringContaining('signed out everywhere') })
  expect((await signInWith(owner, shop.visitor())).status).toBe(422)
  expect(await introspect(shop.server.url, tokens.access_token)).toEqual({ active: false })
  await shop.sink.mailTo(email, 1, /passkey was removed/)
  const trail = await ask(shop.server, OWNER, 'GET', `/v1/audit?customer=${id}`)
  expect(trail.body.items).toContainEqual(expect.objectContaining({ type: 'passkey.removed', actor: 'admin' }))
  expect(await customers('remove-passkey', email, passkey)).toMatchObject({ code: 1 })
})

test('a passkey is removed with its owner’s name only', async () => {
  const [owner, other] = [await customerWithPasskey(shop), await customerWithPasskey(shop)]
  const { body } = await ask(shop.server, OWNER, 'GET', `/v1/customers/${owner.customer.id}/passkeys`)
  const [passkey] = body.items as { id: string }[]
  for (const id of [passkey?.id, 'no-uuid']) {
    const path = `/v1/customers/${other.customer.id}/passkeys/${id}`
    expect((await ask(shop.server, OWNER, 'DELETE', path)).status, path).toBe(404)
  }
  expect(isSignedIn(await signInWith(owner, shop.visitor()))).toBe(true)
})

test('the export of personal data has the passkeys, and erasing a customer removes them', async () => {
  const owner = await customerWithPasskey(shop)
  const reference = `test-${Number(owner.customer.id.slice(-12))}`
  const { body } = await ask(shop.server, OWNER, 'GET', `/v1/customers/${reference}/personal-data`)
  expect(body.passkeys).toEqual([expect.objectContaining({ id: expect.any(String), isBackedUp: true })])
  expect((await ask(shop.server, OWNER, 'POST', `/v1/customers/${reference}/erase`, {})).status).toBe(200)
  const page = await signInWith(owner, shop.visitor())
  expect(page.status).toBe(422)
  expect(page.html).toContain('signalUnknownCredential')
})
