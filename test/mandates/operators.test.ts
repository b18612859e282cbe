import { afterAll, beforeAll, expect, test } from 'vitest'
import { runCommand } from '../cli/run-command.ts'
import { RON_ID, read, ron } from '../endpoints/client.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { postForm, readForm } from '../support/http.ts'
import { ADMIN_TOKEN, asked, assistant, type MandateShop, startMandateShop } from './shop.ts'

let shop: MandateShop
beforeAll(async () => {
  shop = await startMandateShop()
})
afterAll(() => shop?.stop())

const command = (...args: string[]) =>
  runCommand(['mandates', ...args], { ADMIN_URL: shop.server.adminUrl, ADMIN_TOKEN })

test('an operator lists mandates of a customer and of a client, sees one with its orders, and withdraws it', async () => {
  const { id, access_token } = await shop.mandated(asked(), { login: ron })
  await shop.hold(id, 'order-1', 100)
  const ofCustomer = await shop.admin('GET', `/v1/mandates?customer=${ron.username}`)
  expect(ofCustomer.items).toMatchObject([{ id, state: 'active', clientId: 'assistant', customerId: RON_ID }])
  const shown = await shop.admin('GET', `/v1/mandates/${id}`)
  expect(shown).toMatchObject({ remaining: { amount: 19_900 }, holds: [{ order: 'order-1', state: 'held' }] })
  const { stdout } = await command('list', '--client', 'assistant')
  expect(stdout).toContain(id)
  expect((await command('withdraw', id)).stdout).toContain('can buy nothing more')
  expect(JSON.parse((await command('show', id)).stdout)).toMatchObject({
    state: 'withdrawn',
    holds: [{ state: 'released' }],
  })
  expect(await shop.introspect(access_token)).toEqual({ active: false })
  await expect(shop.admin('GET', '/v1/mandates/unknown')).rejects.toThrow('404')
  await expect(shop.admin('POST', '/v1/mandates/unknown/withdraw', {})).rejects.toThrow('404')
})

test('signing a customer out everywhere ends their mandates', async () => {
  const { id } = await shop.mandated(asked(), { login: ron })
  await shop.admin('POST', '/v1/sign-outs', { of: 'customer', id: RON_ID })
  expect((await shop.admin('GET', `/v1/mandates/${id}`)).state).toBe('ended')
  expect((await shop.hold(id, 'order-1', 1)).status).toBe(410)
})

test('a disabled client spends nothing', async () => {
  const { id } = await shop.mandated(asked(), { login: ron })
  const { body } = await shop.hold(id, 'order-1', 100)
  await shop.admin('POST', '/v1/clients/assistant/disable', {})
  expect((await shop.hold(id, 'order-2', 1)).status).toBe(410)
  expect((await shop.release(id, body.hold)).status, 'what was held comes back').toBe(200)
  await shop.admin('POST', '/v1/clients/assistant/enable', {})
})

test('the data of a customer has their mandates with the orders, and an erased customer has none', async () => {
  const email = 'erase-me@example.com'
  await shop.admin('POST', '/v1/customers', {
    email,
    customerReference: 'ERASE-ME',
    password: 'a long password 123',
    emailVerified: true,
  })
  const { id } = await shop.mandated(asked(), { login: { username: email, password: 'a long password 123' } })
  await shop.hold(id, 'order-1', 100)
  const data = await shop.admin('GET', '/v1/customers/ERASE-ME/personal-data')
  expect(data.mandates).toMatchObject([{ id, orders: [{ order: 'order-1' }] }])
  await shop.admin('POST', '/v1/customers/ERASE-ME/erase', {})
  await expect(shop.admin('GET', `/v1/mandates/${id}`)).rejects.toThrow('404')
  expect((await shop.hold(id, 'order-2', 1)).status).toBe(404)
})

test('a device asks for a mandate, and the customer consents on a page', async () => {
  await shop.admin('PUT', '/v1/clients/assistant', {
    metadata: {
      ...(await shop.admin('GET', '/v1/clients/assistant')).metadata,
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
    },
  })
  const details = JSON.stringify([asked()])
  const begun = await read(
    postForm(`${shop.url}/device_authorization`, { scope: 'openid', authorization_details: details }, assistant),
  )
  expect(begun.status).toBe(200)
  const jar = createCookieJar()
  const stopAt = 'http://nowhere'
  let page = await jar.follow(await jar.fetch(begun.body.verification_uri_complete), { stopAt })
  let html = await page.response.text()
  for (let step = 0; step < 5 && !html.includes('name="decision"'); step++) {
    const { action, fields } = readForm(html, page.url)
    const typed = { ...fields, login: ron.username, password: ron.password }
    page = await jar.follow(await jar.fetch(action, { method: 'POST', body: new URLSearchParams(typed) }), { stopAt })
    html = await page.response.text()
  }
  await shop.answer({ html, url: page.url, jar }, { budget: '50' })
  const grant_type = 'urn:ietf:params:oauth:grant-type:device_code'
  const { status, body } = await read(
    postForm(`${shop.url}/token`, { grant_type, device_code: begun.body.device_code }, assistant),
  )
  expect([status, body.authorization_details?.[0].budget.amount]).toEqual([200, 5000])
})

test('an opaque token says its mandate at introspection, and is inactive once it is withdrawn', async () => {
  const { metadata } = await shop.admin('GET', '/v1/clients/assistant')
  await shop.admin('PUT', '/v1/clients/assistant', { metadata: { ...metadata, access_token_format: 'opaque' } })
  const { access_token, id } = await shop.mandated(asked(), { login: ron })
  expect(access_token).not.toContain('.')
  expect(await shop.introspect(access_token)).toMatchObject({
    authorization_details: [{ mandate_id: id, per_order: { amount: 5000 }, remaining: { amount: 20_000 } }],
  })
  await shop.admin('POST', `/v1/mandates/${id.toUpperCase()}/withdraw`, {})
  expect(await shop.introspect(access_token), 'however the id is written').toEqual({ active: false })
  expect((await shop.admin('GET', `/v1/audit?type=mandate.withdrawn`)).items[0]).toMatchObject({
    customerId: RON_ID,
    clientId: 'assistant',
    reason: expect.stringContaining(id),
  })
})
