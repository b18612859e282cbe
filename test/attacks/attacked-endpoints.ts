import { ordersService, type Tokens, thirdParty } from '../endpoints/client.ts'

type Issued = Pick<Tokens, 'access_token' | 'refresh_token'>

/** Where requests go, with one that the endpoint can make sense of; `issued` are tokens to put into it. */
export type Endpoint = {
  readonly path: string
  readonly method: 'GET' | 'POST'
  readonly valid: (issued: Issued) => string
  readonly headers?: Record<string, string>
}
const authorization = 'client_id=frontend&response_type=code&redirect_uri=http://localhost:8080/callback&scope=openid'
export const oauthEndpoints: readonly Endpoint[] = [
  { method: 'POST', path: '/token', valid: () => 'grant_type=password&client_id=frontend&username=a@b.de&password=x' },
  {
    method: 'POST',
    path: '/token',
    valid: ({ refresh_token }) => `grant_type=refresh_token&client_id=frontend&refresh_token=${refresh_token}x`,
  },
  {
    method: 'POST',
    path: '/token',
    valid: () => 'grant_type=authorization_code&client_id=frontend&code=x&redirect_uri=x&code_verifier=x',
  },
  {
    method: 'POST',
    path: '/token',
    valid: () => 'grant_type=urn:ietf:params:oauth:grant-type:device_code&client_id=device-app&device_code=x',
  },
  { method: 'POST', path: '/token', valid: () => 'grant_type=client_credentials&scope=x', headers: thirdParty },
  {
    method: 'POST',
    path: '/token',
    valid: ({ access_token }) =>
      `grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token=${access_token}&subject_token_type=urn:ietf:params:oauth:token-type:access_token&resource=urn:vestibule:warehouse`,
    headers: ordersService,
  },
  {
    method: 'POST',
    path: '/token',
    valid: ({ access_token }) =>
      `grant_type=urn:vestibule:grant:company-user&client_id=frontend&subject_token=${access_token}&company_user_id=x&scope=x`,
  },
  {
    method: 'POST',
    path: '/token',
    valid: ({ access_token }) =>
      `grant_type=urn:vestibule:grant:handover&client_id=frontend&subject_token=${access_token}&resource=x`,
  },
  {
    method: 'POST',
    path: '/token',
    valid: () =>
      'grant_type=urn:vestibule:grant:one-time-password&client_id=frontend&username=a@b.de&one_time_password=x',
  },
  {
    method: 'POST',
    path: '/token',
    valid: () => 'grant_type=urn:vestibule:grant:anonymous&client_id=frontend&anonymous_id=x&scope=x',
  },
  {
    method: 'POST',
    path: '/token',
    valid: () =>
      'grant_type=client_credentials&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion=e30.e30.e30',
  },
  { method: 'POST', path: '/introspect', valid: ({ access_token }) => `token=${access_token}`, headers: ordersService },
  { method: 'POST', path: '/revoke', valid: ({ access_token }) => `client_id=device-app&token=${access_token}` },
  { method: 'POST', path: '/userinfo', valid: ({ access_token }) => `access_token=${access_token}` },
  {
    method: 'POST',
    path: '/par',
    valid: () => `${authorization}&code_challenge=${'a'.repeat(43)}&code_challenge_method=S256`,
  },
  {
    method: 'POST',
    path: '/backchannel',
    valid: () =>
      'scope=openid&login_hint=a@b.de&binding_message=x&requested_expiry=60&acr_values=x&request=e30.e30.e30',
    headers: ordersService,
  },
  { method: 'POST', path: '/device_authorization', valid: () => 'client_id=device-app&scope=openid' },
  {
    method: 'POST',
    path: '/authorize-challenge',
    valid: () => `${authorization}&code_challenge=${'a'.repeat(43)}&code_challenge_method=S256&username=a&password=x`,
  },
]
export const pageEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/authorize',
    valid: () => `${authorization}&code_challenge=${'a'.repeat(43)}&code_challenge_method=S256`,
  },
  { method: 'POST', path: '/authorize', valid: () => authorization },
  {
    method: 'GET',
    path: '/logout',
    valid: () => 'client_id=frontend&post_logout_redirect_uri=http://localhost:8080/&state=x',
  },
  { method: 'POST', path: '/logout', valid: () => 'client_id=frontend' },
  { method: 'POST', path: '/logout/confirm', valid: () => 'xsrf=x&logout=yes' },
  { method: 'GET', path: '/device', valid: () => 'user_code=BBBB-BBBB' },
  { method: 'POST', path: '/device', valid: () => 'xsrf=x&user_code=BBBB-BBBB&confirm=yes' },
  { method: 'GET', path: '/interaction/x', valid: () => 'a=b' },
  { method: 'POST', path: '/interaction/x/login', valid: () => 'csrf=x&login=a@b.de&password=x' },
  { method: 'POST', path: '/interaction/x/consent', valid: () => 'csrf=x&decision=allow' },
  { method: 'POST', path: '/interaction/x/passkey', valid: () => 'csrf=x&credential={}&remember=yes' },
  { method: 'GET', path: '/interaction/x/passkey-offer', valid: () => 'a=b' },
  { method: 'POST', path: '/interaction/x/passkey-new', valid: () => 'csrf=x&credential={}' },
  { method: 'GET', path: '/.well-known/passkey-endpoints', valid: () => 'a=b' },
  { method: 'POST', path: '/interaction/x/abort', valid: () => 'csrf=x' },
  { method: 'POST', path: '/interaction/x/identifier', valid: () => 'csrf=x&login=a@b.de' },
  { method: 'POST', path: '/interaction/x/code', valid: () => 'csrf=x&login=a@b.de&code=123456' },
  { method: 'POST', path: '/interaction/x/company', valid: () => 'csrf=x&company=x&remember=yes' },
  { method: 'POST', path: '/interaction/x/second-factor', valid: () => 'csrf=x&code=123456&remember=yes' },
  { method: 'POST', path: '/interaction/x/second-factor-set-up', valid: () => 'csrf=x&enrolment=x&code=123456' },
  { method: 'POST', path: '/interaction/x/new-password', valid: () => 'csrf=x&password=x&repeated=x' },
  { method: 'POST', path: '/interaction/x/upstreams/x', valid: () => 'csrf=x' },
  { method: 'GET', path: '/upstreams/x/callback', valid: () => 'code=x&state=x&iss=https://a.example' },
  { method: 'POST', path: '/upstreams/x/callback', valid: () => 'code=x&state=x&user={}' },
  { method: 'POST', path: '/upstreams/x/backchannel-logout', valid: () => 'logout_token=e30.e30.e30' },
  { method: 'GET', path: '/account/signed-in', valid: () => 'code=x&state=x' },
  { method: 'POST', path: '/account/security/password', valid: () => 'csrf=x&password=x&repeated=x' },
  { method: 'POST', path: '/language', valid: () => 'language=de&return_to=/recovery' },
  { method: 'POST', path: '/recovery', valid: () => 'csrf=x&login=a@b.de' },
  { method: 'POST', path: '/recovery/new', valid: () => 'csrf=x&token=x&password=x&repeated=x' },
  { method: 'POST', path: '/email-undo', valid: () => 'csrf=x&token=x' },
]

/** Without the endpoints that check a password: they take long, and read no other headers. */
export function onePerPath(): Endpoint[] {
  const all = [
    ...oauthEndpoints,
    ...pageEndpoints,
    { method: 'GET', path: '/jwks', valid: () => '' } satisfies Endpoint,
  ]
  return [...new Map(all.map((endpoint) => [endpoint.path, endpoint])).values()]
}
