import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { OWNER } from '../admin/administrators.ts'
import { type HostedShop, startHostedShop } from '../interaction/hosted-shop.ts'

let shop: HostedShop
beforeAll(async () => {
  shop = await startHostedShop({
    ADMIN_TOKEN: OWNER,
    DIALECTS: 'spryker,commercetools,elastic-path,magento,sap-commerce,slas',
    COMMERCETOOLS_PROJECT_KEYS: 'demo',
  })
})
afterAll(() => shop?.stop())

const FORM = 'application/x-www-form-urlencoded'
const ENDPOINTS = [
  ...['/token', '/introspect', '/revoke', '/par', '/device_authorization', '/userinfo', '/authorize', '/logout'],
  ...['/logout/confirm', '/device', '/recovery', '/registration', '/unblock', '/confirmation'],
  ...['/access-tokens', '/refresh-tokens', '/oauth/token', '/oauth/introspect', '/oauth/demo/customers/token'],
  ...['token', 'revoke', 'introspect', 'check_token'].map((name) => `/authorizationserver/oauth/${name}`),
  ...['/oauth/access_token', '/v2/customers/tokens', '/rest/V1/integration/customer/token', '/graphql'],
  ...['login', 'token'].map((name) => `/shopper/auth/v1/organizations/f_ecom_zzrf_001/oauth2/${name}`),
]

async function send(url: string, encoding: string, headers: Record<string, string> = {}) {
  const body = gzipSync('grant_type=password&client_id=frontend&username=sonia@spryker.com&password=change123')
  return fetch(url, {
    method: 'POST',
    body,
    headers: { 'Content-Type': FORM, 'Content-Encoding': encoding, ...headers },
    redirect: 'manual',
  })
}

test.each(ENDPOINTS)('a compressed body at %s is 415', async (path) => {
  for (const encoding of ['gzip', 'br', 'GZIP', 'identity, gzip', 'x-unknown']) {
    const answer = await send(shop.server.url + path, encoding)
    expect([encoding, answer.status, answer.headers.get('accept-encoding')]).toEqual([encoding, 415, 'identity'])
  }
})

test.each(['/v1/clients', '/v1/customers/import', '/v1/sign-in', '/console/sign-in'])(
  'a compressed body at %s of the admin listener is 415',
  async (path) => {
    const answer = await send(shop.server.adminUrl + path, 'gzip', { Authorization: `Bearer ${OWNER}` })
    expect([answer.status, answer.headers.get('accept-encoding')]).toEqual([415, 'identity'])
  },
)

test('identity is no compression', async () => {
  const answer = await fetch(`${shop.server.url}/token`, {
    method: 'POST',
    body: 'grant_type=password&client_id=frontend&username=sonia@spryker.com&password=change123',
    headers: { 'Content-Type': FORM, 'Content-Encoding': 'identity' },
  })
  expect(answer.status).toBe(200)
})
