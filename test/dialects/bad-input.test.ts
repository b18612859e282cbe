import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { basicAuth } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { addService, type CustomerTokens, serviceToken, signIn } from './commercetools/endpoints.ts'
import { implicitToken, postData, RON } from './elastic-path/endpoints.ts'

const ADMIN_TOKEN = 'an-admin-token-for-tests'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({
    DIALECTS: 'spryker,spryker-backend,elastic-path,magento,commercetools,sap-commerce,slas',
    SLAS_SESSION_BRIDGE_SECRET: 'a-secret-that-only-the-storefront-knows',
    DIALECT_MOUNTS: 'spryker-backend=/bapi',
    LOCKOUT_ATTEMPTS: '100000',
    LOCKOUT_ACCOUNT_ATTEMPTS: '100000',
    REGISTRATION: 'open',
    ADMIN_TOKEN,
  })
  const ron = { username: 'ron@swanson.com', password: 'mysecretpassword' }
  const bearer = `Bearer ${await implicitToken(server.url)}`
  const member = await postData(`${server.url}/v2/customers/tokens`, RON, bearer)
  const { data } = (await member.json()) as { data: { token: string } }
  Object.assign(MEMBER, { authorization: bearer, 'x-moltin-customer-token': data.token })
  const shopper = await signIn(server.url, ron.username, ron.password)
  const { access_token } = (await shopper.json()) as CustomerTokens
  Object.assign(SHOPPER, { authorization: `Bearer ${access_token}` })
  await addService(server.adminUrl, ADMIN_TOKEN)
  Object.assign(SERVICE, { authorization: `Bearer ${await serviceToken(server.url)}` })
})
afterAll(() => server?.stop())

type Said = Readonly<Record<string, unknown>> | readonly Readonly<Record<string, unknown>>[]

const isJsonApi = (said: Said) => 'errors' in said && isList(said.errors, ['status', 'detail', 'message'])
const isOAuth = (said: Said) => 'error' in said && 'error_description' in said
const isBareList = (said: Said) => isList(said, ['message', 'status', 'code'])
const isElastic = (said: Said) => 'errors' in said && isList(said.errors, ['status', 'title'])
const isMagento = (said: Said) => 'message' in said && typeof said.message === 'string'
const isApiError = (said: Said) => ['statusCode', 'message', 'errors'].every((name) => name in said)
const isEnvelope = (said: Said) => isApiError(said) && 'error' in said

const isOcc = (said: Said) => 'errors' in said && isList(said.errors, ['message', 'type'])
const VERIFICATION = '/occ/v2/electronics/users/anonymous/verificationToken'
const isSlas = (said: Said) => ['status_code', 'message', 'error'].every((name) => name in said)

function isList(value: unknown, members: readonly string[]): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((entry) => members.every((member) => member in entry))
}

const BASIC = basicAuth('third-party-app', 'third-party-app-secret')
const SLAS = '/shopper/auth/v1/organizations/f_ecom_zzrf_001/oauth2'
const SLAS_PATHS = [
  ...['login', 'token', 'passwordless/login', 'passwordless/token', 'password/reset', 'password/action', 'revoke'],
  ...['otp/request', 'otp/verify', 'session-bridge/token', 'trusted-system/token', 'trusted-agent/authorize'],
  ...['trusted-agent/token', 'introspect', 'webauthn/register/authorize', 'webauthn/authenticate/start'],
].map((endpoint) => `${SLAS}/${endpoint}`)
/** Asked by POST unless another method goes before the path. */
/** Filled in when there is a server: of a customer of Elastic Path, of one of commercetools, of the shop's own service. */
const MEMBER: Record<string, string> = {}
const SHOPPER: Record<string, string> = {}
const SERVICE: Record<string, string> = {}
type BadInputEndpoint = [string, string, (said: Said) => boolean, Record<string, string>?]

const ENDPOINTS: readonly BadInputEndpoint[] = [
  ['Spryker', '/access-tokens', isJsonApi],
  ['Spryker', '/refresh-tokens', isJsonApi],
  ['Spryker', '/refresh-tokens/%00', isJsonApi],
  ['Spryker', '/company-user-access-tokens', isJsonApi],
  ['Spryker', '/agent-access-tokens', isJsonApi],
  ['Spryker', '/agent-customer-impersonation-access-tokens', isJsonApi],
  ['Spryker', '/customer-confirmation', isJsonApi],
  ['Spryker', '/customers', isJsonApi],
  ['Spryker', 'DELETE /customers/DE--21', isJsonApi],
  ['Spryker', 'PATCH /customer-password/DE--21', isJsonApi],
  ['Spryker', '/customer-forgotten-password', isJsonApi],
  ['Spryker', 'PATCH /customer-restore-password/%00', isJsonApi],
  ['Spryker', '/agent-customer-search', isJsonApi],
  ['Spryker', '/token', (said) => isOAuth(said) || isBareList(said)],
  ['Spryker', '/warehouse-tokens', (said) => isBareList(said) || isJsonApi(said)],
  ['Spryker’s backend', '/bapi/token', isBareList],
  ['Spryker’s backend', '/bapi/warehouse-tokens', isBareList],
  ['Elastic Path', '/oauth/access_token', isElastic],
  ['Elastic Path', '/v2/customers/tokens', isElastic],
  ['Elastic Path', '/v2/account-members/tokens', isElastic],
  ['Elastic Path', '/v2/customers', isElastic, MEMBER],
  ['Elastic Path', 'PUT /v2/customers/%00', isElastic, MEMBER],
  ['Elastic Path', 'DELETE /v2/customers/x', isElastic, MEMBER],
  ['Elastic Path', '/v2/unknown', isElastic],
  ['Magento', '/rest/V1/integration/customer/token', isMagento],
  ['Magento', '/rest/V1/integration/admin/token', isMagento],
  ['Magento', '/rest/V1/tfa/provider/google/authenticate', isMagento],
  ['Magento', '/rest/xx/V1/integration/customer/token', isMagento],
  ['Magento', '/rest/V1/integration/customer/refresh-customer-token', isMagento],
  ['Magento', '/rest/V1/customers', isMagento],
  ['Magento', '/rest/V1/customers/isEmailAvailable', isMagento],
  ['Magento', '/rest/V1/customers/resetPassword', isMagento],
  ['Magento', 'PUT /rest/V1/customers/password', isMagento],
  ['Magento', 'PUT /rest/V1/customers/me/password', isMagento],
  ['Magento', 'PUT /rest/V1/customers/me/activate', isMagento],
  ['Magento', '/rest/V1/customer/22/otp', isMagento],
  ['commercetools', '/oauth/shop/customers/token', isEnvelope, BASIC],
  ['commercetools', '/oauth/other/customers/token', isEnvelope, BASIC],
  ['commercetools', '/oauth/shop/anonymous/token', isEnvelope, BASIC],
  ['commercetools', '/oauth/token', isEnvelope, BASIC],
  ['commercetools', '/oauth/introspect', isEnvelope, BASIC],
  ['SAP Commerce', '/authorizationserver/oauth/token', isOAuth, BASIC],
  ['SAP Commerce, no client', '/authorizationserver/oauth/token', isOAuth],
  ['SAP Commerce', '/authorizationserver/oauth/revoke', isOAuth, BASIC],
  ['SAP Commerce', '/authorizationserver/oauth/introspect', isOAuth, BASIC],
  ['SAP Commerce', '/authorizationserver/oauth/check_token', isOAuth, BASIC],
  ['SAP Commerce', VERIFICATION, isOcc],
  ...['signup', 'login', 'password', 'password/reset', 'email/confirm'].map(
    (path): BadInputEndpoint => ['commercetools', `/shop/me/${path}`, isApiError, SHOPPER],
  ),
  ['commercetools', 'DELETE /shop/me?version=9007199254740993', isApiError, SHOPPER],
  ...['password-token', 'password/reset', 'password', 'email-token', 'email/confirm'].map(
    (path): BadInputEndpoint => ['commercetools', `/shop/customers/${path}`, isApiError, SERVICE],
  ),
  ...SLAS_PATHS.map((path): BadInputEndpoint => ['SLAS', path, isSlas, BASIC]),
]

const typed = [
  'access-tokens',
  'agent-access-tokens',
  'refresh-tokens',
  'customers',
  'customer-password',
  'customer-forgotten-password',
  'customer-restore-password',
]
/** A wrong kind of value for every attribute that any of them has. */
const ODD = {
  username: ['a'],
  refreshToken: { a: 1 },
  email: { b: 2 },
  password: 1,
  newPassword: [],
  acceptedTerms: 'x',
}
const BODIES: readonly (string | Uint8Array)[] = [
  '',
  '{',
  'null',
  '[]',
  '"text"',
  '{"grantType":"password","username":["a"],"password":{"b":1}}',
  '{"grantType":{"toString":1}}',
  '{"grant_type":["password"]}',
  '{"__proto__":{"username":"a","password":"b","grantType":"password"}}',
  '{"constructor":{"prototype":{"x":1}}}',
  '{"username":"a\\u0000","password":"\\ud800","otp":"\\ud800"}',
  ...typed.map((type) => JSON.stringify({ data: { type, attributes: ODD } })),
  ...typed.map((type) =>
    JSON.stringify({ data: { type, attributes: { username: 'a\0@b.cd', email: '\0', password: '\ud800' } } }),
  ),
  '{"data":{"type":"customer","name":["a"],"email":{},"password":1,"current_password":[]}}',
  '{"data":{"type":"customer","name":"\\u0000","email":"\\u0000","password":"\\ud800","current_password":"\\ud800"}}',
  '{"email":["a"],"password":{"b":1},"tokenValue":1,"version":"x","currentPassword":[],"newPassword":{},"id":1,"ttlMinutes":-1}',
  '{"email":"a\\u0000@b.cd","password":"\\ud800","tokenValue":"\\u0000","version":1e308,"currentPassword":"\\ud800","newPassword":"\\ud800","id":"\\u0000","ttlMinutes":1e308}',
  '{"email":"nobody@b.cd","password":"\\ud800","tokenValue":"\\u0000","version":1,"currentPassword":"\\ud800","newPassword":"\\ud800","id":"\\u0000","ttlMinutes":1}',
  'grant_type=password&username=%00&password=%ff',
  'grant_type=password&grant_type=password&client_id=',
  'grant_type=__proto__&__proto__=x',
  '<a><username>a</username><password>&x;</password></a>',
  '{"customer":{"email":["a"],"firstname":{},"lastname":1},"password":{}}',
  '{"customer":{"__proto__":{"email":"a@b.cd"},"firstname":"\\u0000","lastname":"\\ud800"},"password":"a good password"}',
  '{"email":"a\\u0000@b.cd","resetToken":"\\ud800","newPassword":"\\u0000","template":["email_reset"]}',
  '{"confirmationKey":"\\u0000","refresh_token":"\\ud800","customerEmail":{"a":1}}',
  '<a><customer><email>a<b/></email></customer><password><c/></password></a>',
  '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
  '['.repeat(50_000),
  new Uint8Array([0xff, 0xfe, 0x00]),
  'a'.repeat(1_000_000),
]
const TYPES = ['application/json', 'application/x-www-form-urlencoded', 'application/xml', 'text/plain', '']

describe.each(ENDPOINTS)('%s %s', (_, endpoint, isItsOwn, headers = {}) => {
  const [own = '', path = ''] = endpoint.startsWith('/') ? ['POST', endpoint] : endpoint.split(' ')
  test.each(TYPES)('refuses every bad body of type "%s" in words of its own', async (type) => {
    for (const [index, body] of BODIES.entries()) {
      const method = index % 5 === 4 ? 'PUT' : own
      const answer = await fetch(server.url + path, {
        method,
        body: body as string,
        headers: { 'content-type': type, ...headers },
      })
      const text = await answer.text()
      const said = `${method} ${String(body).slice(0, 60)} → ${answer.status} ${text.slice(0, 120)}`
      expect(answer.status, said).toBeGreaterThanOrEqual(400)
      expect(answer.status, said).toBeLessThan(500)
      expect(isItsOwn(JSON.parse(text) as Said), said).toBe(true)
    }
    expect(Object.keys(Object.prototype)).toEqual([])
  })
})
