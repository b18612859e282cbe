import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { introspect, refresh, tokensOf } from '../endpoints/client.ts'
import { openSignedIn, pathOf } from '../interaction/account/account-visitor.ts'
import { type HostedShop, isSignedIn, startHostedShop } from '../interaction/hosted-shop.ts'

let shop: HostedShop
beforeAll(async () => {
  shop = await startHostedShop({ ACCOUNT_DELETION_DAYS: '0' })
})
afterAll(() => shop?.stop())

test('with no delay an account is erased at once: its address is free, its sessions and tokens are dead, the trail stays, and the last letter says so', async () => {
  const customer = await shop.addCustomer()
  const tokens = await tokensOf(shop.server.url, { username: customer.email, password: customer.password })
  const visitor = shop.visitor()
  const form = await openSignedIn(visitor, customer, '/account/data/delete')
  expect(form.html).toContain('cannot be undone')
  const gone = await visitor.submit(form, '/delete')
  expect(pathOf(gone)).toMatch(/^\/interaction\//)
  await shop.sink.mailTo(customer.email, 1, /is deleted/)
  expect((await shop.visitor().signIn(customer)).status).toBe(422)
  expect(await introspect(shop.server.url, tokens.access_token)).toEqual({ active: false })
  expect((await refresh(shop.server.url, tokens.refresh_token)).status).toBe(400)
  const { body } = await ask(shop.server, OWNER, 'GET', `/v1/audit?customerId=${customer.id}`)
  expect(JSON.stringify(body)).toContain('customer.deletion')
  expect(JSON.stringify(body), 'the trail keeps who did what, and no address').not.toContain(customer.email)
  const sent = shop.sink.mailsTo(customer.email).length
  for (const login of [customer.email, (await shop.addCustomer()).email]) {
    await visitor.submit(await visitor.open('/recovery'), '/recovery', { login })
    if (login !== customer.email) await shop.sink.mailTo(login)
  }
  expect(shop.sink.mailsTo(customer.email)).toHaveLength(sent)
  const next = await shop.addCustomer({ email: customer.email })
  expect(isSignedIn(await shop.visitor().signIn(next))).toBe(true)
})
