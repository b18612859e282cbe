import { afterAll, beforeAll, expect, test } from 'vitest'
import { read, sonia, thirdParty, tokensOf } from '../endpoints/client.ts'
import { postForm, postJson } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

/** What other servers of this kind offer and this one does not: there is nothing to attack. */
let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ DIALECTS: 'spryker,elastic-path,magento,commercetools,sap-commerce' })
})
afterAll(() => server?.stop())

const ENDPOINTS: readonly [feature: string, paths: readonly string[]][] = [
  ['clients that register themselves (RFC 7591)', ['/register', '/reg', '/reg/frontend', '/connect/register']],
  ['sign-in at another provider', ['/login/callback', '/broker/callback', '/federation', '/saml/acs', '/sso']],
  ['authentication on another device (CIBA) by other names', ['/bc-authorize', '/ciba']],
  ['frames that watch the session', ['/session/check', '/check_session']],
  ['sign-out that other servers begin', ['/backchannel_logout', '/frontchannel_logout']],
  ['look-up of people', ['/.well-known/webfinger?resource=acct:sonia@spryker.com', '/scim/v2/Users', '/users']],
]

test.each(ENDPOINTS)('%s: nothing answers', async (_, paths) => {
  for (const path of paths) {
    const asked = [fetch(server.url + path), postJson(server.url + path, { client_id: 'x' })]
    for (const { status } of await Promise.all(asked)) expect([path, status]).toEqual([path, 404])
  }
})

test('metadata names no endpoint and no way of what is not served', async () => {
  const { body } = await read(fetch(`${server.url}/.well-known/openid-configuration`))
  const names = Object.keys(body).filter((name) =>
    /^registration|frontchannel|check_session|request_object_encryption|federation|^signed_/.test(name),
  )
  expect(names).toEqual([])
  expect(body.request_uri_parameter_supported).not.toBe(true)
})

test.each([
  'implicit',
  'urn:ietf:params:oauth:grant-type:saml2-bearer',
  'urn:ietf:params:oauth:grant-type:uma-ticket',
  'constructor',
])('the grant type %s gives no token', async (grant_type) => {
  const { access_token } = await tokensOf(server.url)
  const { status, body } = await read(
    postForm(`${server.url}/token`, { grant_type, assertion: access_token, ...sonia }, thirdParty),
  )
  expect([status, body.error]).toEqual([400, 'unsupported_grant_type'])
})
