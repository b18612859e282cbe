import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { OWNER } from '../admin/administrators.ts'
import { type HostedShop, startHostedShop } from '../interaction/hosted-shop.ts'

let shop: HostedShop
beforeAll(async () => {
  shop = await startHostedShop({
    ADMIN_TOKEN: OWNER,
    DIALECTS: 'spryker,commercetools,elastic-path,magento,sap-commerce',
    DIALECT_MOUNTS: 'magento=/shop',
    COMMERCETOOLS_PROJECT_KEYS: 'demo',
  })
})
afterAll(() => shop?.stop())

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']
const GET = 'GET, HEAD, OPTIONS'
const POST = 'OPTIONS, POST'
const BOTH = 'GET, HEAD, OPTIONS, POST'

const PATHS: readonly [string, string][] = [
  ['/authorize', BOTH],
  ['/authorize/some-uid', GET],
  ['/token', POST],
  ['/introspect', POST],
  ['/revoke', POST],
  ['/par', POST],
  ['/device_authorization', POST],
  ['/userinfo', BOTH],
  ['/jwks', GET],
  ['/.well-known/openid-configuration', GET],
  ['/.well-known/oauth-authorization-server', GET],
  ['/logout', BOTH],
  ['/logout/confirm', POST],
  ['/logout/success', GET],
  ['/device', BOTH],
  ['/interaction/some-uid', GET],
  ['/interaction/some-uid/login', BOTH],
  ['/interaction/some-uid/consent', BOTH],
  ['/interaction/some-uid/abort', BOTH],
  ['/interaction/some-uid/any-other', GET],
  ['/assets/style.css', GET],
  ['/recovery', BOTH],
  ['/recovery/new', BOTH],
  ['/registration', BOTH],
  ['/confirmation', BOTH],
  ['/unblock', BOTH],
  ['/sent/recovery', GET],
  ['/done/unblocked', GET],
  ['/health/live', GET],
  ['/health/ready', GET],
  ['/oauth/token', POST],
  ['/authorizationserver/oauth/token', POST],
  ['/authorizationserver/oauth/authorize', GET],
  ['/authorizationserver/oauth/jwks', GET],
  ['/oauth/introspect', POST],
  ['/oauth/demo/customers/token', POST],
  ['/oauth/access_token', POST],
  // Two patterns fit, that of tokens and that of one customer: the first answers.
  ['/v2/customers/tokens', POST],
  ['/shop/graphql', BOTH],
]

describe.each(PATHS)('%s', (path, allowed) => {
  const others = METHODS.filter((method) => !allowed.split(', ').includes(method))

  test.each(others)('%s is 405 and tells what is allowed', async (method) => {
    const answer = await fetch(shop.server.url + path, { method, redirect: 'manual' })
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, allowed])
  })

  test('OPTIONS tells what is allowed', async () => {
    const answer = await fetch(shop.server.url + path, { method: 'OPTIONS' })
    expect([answer.status, answer.headers.get('allow')]).toEqual([204, allowed])
  })

  test('what is allowed is not 405', async () => {
    for (const method of allowed.split(', ')) {
      expect((await fetch(shop.server.url + path, { method, redirect: 'manual' })).status).not.toBe(405)
    }
  })
})

test.each(METHODS)('%s at an unknown path is 404', async (method) => {
  const answer = await fetch(`${shop.server.url}/nothing/here`, { method })
  expect([answer.status, answer.headers.get('allow')]).toEqual([404, null])
})

test('an unknown page below a known pattern stays 404', async () => {
  for (const path of ['/assets/nothing.css', '/sent/nothing', '/done/nothing']) {
    expect((await fetch(shop.server.url + path)).status).toBe(404)
  }
})

test.each([
  ['PUT', '/metrics', 'GET, HEAD'],
  ['PUT', '/v1/clients', 'GET, POST'],
  ['PATCH', '/v1/clients/frontend', 'GET, PUT, DELETE'],
  ['PUT', '/console/sign-in', BOTH],
  ['DELETE', '/console/clients', GET],
  ['GET', '/console/sign-out', POST],
])('on the admin listener %s %s is 405 and tells what is allowed', async (method, path, allowed) => {
  const headers = { Authorization: `Bearer ${OWNER}` }
  const answer = await fetch(shop.server.adminUrl + path, { method, headers, redirect: 'manual' })
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, allowed])
})
