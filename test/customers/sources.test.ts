import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { createShopService } from '../../docs/how-to/shop-directory-example.ts'
import { EVERY_DIALECT, PASSWORD_ENDPOINTS } from '../attacks/password-endpoints.ts'
import { introspect, refresh, requestTokens, tokensOf } from '../endpoints/client.ts'
import { postJson } from '../support/http.ts'
import { startTestServer, type TestServer, type TestSettings } from '../support/server.ts'

const login = { username: 'sonia@shop.example', password: 'change123' }
const SONIA = {
  id: '11111111-2222-4333-8444-555555555555',
  idCustomer: 2100,
  email: login.username,
  customerReference: 'SHOP--21',
  emailVerified: true,
}
const opened: { server?: TestServer; shop?: Server } = {}

afterEach(async () => {
  await opened.server?.stop()
  await closeShop()
})

/** A server, and the shop's service it asks by the settings whose names begin with `kind`. */
async function open(kind: 'SHOP' | 'LEGACY', settings: TestSettings = {}): Promise<TestServer> {
  const shop = createShopService([{ customer: SONIA, password: login.password }], 'shop-token')
  await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(shop.address() as AddressInfo).port}`
  const source = { [`${kind}_DIRECTORY_URL`]: url, [`${kind}_DIRECTORY_TOKEN`]: 'shop-token' }
  opened.shop = shop
  opened.server = await startTestServer({ ...EVERY_DIALECT, ...source, ...settings })
  return opened.server
}

async function closeShop(): Promise<void> {
  opened.shop?.closeAllConnections()
  await new Promise((resolve) => (opened.shop ? opened.shop.close(resolve) : resolve(undefined)))
}

test('customers of a shop that keeps them sign in; while it is away every endpoint says when to come again', async () => {
  const { url } = await open('SHOP')
  const tokens = await tokensOf(url, { ...login, scope: 'openid email customer' })
  expect(await introspect(url, tokens.access_token)).toMatchObject({ active: true, sub: SONIA.id })
  const attempts = await Promise.all(
    PASSWORD_ENDPOINTS.map(async (endpoint) => ({ endpoint, attempt: await endpoint.open(url) })),
  )

  await closeShop()
  for (const { endpoint, attempt } of attempts) {
    const answer = await attempt({ ...login, username: 'somebody@shop.example' })
    expect([endpoint.name, answer.status], await answer.text()).toEqual([endpoint.name, 503])
    expect(answer.headers.get('retry-after'), endpoint.name).toMatch(/^[1-9]\d*$/)
  }
  expect([200, 503], 'known for a moment').toContain((await refresh(url, tokens.refresh_token)).status)
})

test('a question about a customer who cannot be asked for is answered 503, and not with what went wrong', async () => {
  const { url } = await open('SHOP')
  const token = await (await postJson(`${url}/rest/V1/integration/customer/token`, login)).json()
  await closeShop()
  const bearer = { authorization: `Bearer ${token}` }
  const answer = await postJson(`${url}/graphql`, { query: '{ customer { email } }' }, bearer)
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5'])
  expect(await answer.json()).toEqual({
    errors: [
      {
        message: expect.stringMatching(/^The customer service does not answer/),
        extensions: { category: 'unavailable', retryAfterSeconds: 5 },
      },
    ],
  })
})

test('customers of a shop that is left behind move over when they sign in, and need it no more', async () => {
  const { url } = await open('LEGACY')
  expect((await requestTokens(url, { ...login, password: 'wrong' })).status).toBe(400)
  const { access_token } = await tokensOf(url, login)
  expect(await introspect(url, access_token)).toMatchObject({ active: true, sub: SONIA.id })
  await closeShop()
  expect((await requestTokens(url, login)).status).toBe(200)
})
