/** A request as a client of the shop sends it, byte by byte, and its answer. */
export type Pair = {
  readonly name: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** `REFRESH_TOKEN` and `ACCESS_TOKEN` are replaced by those of a sign-in. */
  readonly body: string
  readonly status: number
  /** The answer's members in their order; of an error its text. */
  readonly answer: readonly string[] | string
}

const TOKEN = '/authorizationserver/oauth/token'
const REVOKE = '/authorizationserver/oauth/revoke'
const CLIENT = 'client_id=mobile_android&client_secret=a-secret-of-the-storefront'
const BASIC = { authorization: `Basic ${btoa('mobile_android:a-secret-of-the-storefront')}` }
const LOGIN = 'username=ron%40swanson.com&password=mysecretpassword'
const TOKENS = ['access_token', 'token_type', 'refresh_token', 'expires_in', 'scope']
const OF_A_CLIENT = ['access_token', 'token_type', 'expires_in', 'scope']

/** Spartacus through `angular-oauth2-oidc`: grant, scope, client, and then the rest. */
export const spartacus: readonly Pair[] = [
  {
    name: 'signs a customer in',
    path: TOKEN,
    body: `grant_type=password&scope=&${LOGIN}&${CLIENT}`,
    status: 200,
    answer: TOKENS,
  },
  {
    name: 'asks for a token of its own, for calls without a customer',
    path: TOKEN,
    body: `grant_type=client_credentials&${CLIENT}`,
    status: 200,
    answer: OF_A_CLIENT,
  },
  {
    name: 'refreshes',
    path: TOKEN,
    body: `grant_type=refresh_token&scope=&refresh_token=REFRESH_TOKEN&${CLIENT}`,
    status: 200,
    answer: TOKENS,
  },
  {
    name: 'refreshes with a token that has ended',
    path: TOKEN,
    body: `grant_type=refresh_token&scope=&refresh_token=ended&${CLIENT}`,
    status: 400,
    answer: '{"error":"invalid_grant","error_description":"Invalid refresh token"}',
  },
  {
    name: 'ends the refresh token by the access token',
    path: REVOKE,
    headers: { authorization: 'bearer ACCESS_TOKEN' },
    body: `${CLIENT}&token=REFRESH_TOKEN&token_type_hint=refresh_token`,
    status: 200,
    answer: '',
  },
  {
    name: 'ends an access token whose bearer has ended before',
    path: REVOKE,
    headers: { authorization: 'bearer ended' },
    body: `${CLIENT}&token=ACCESS_TOKEN&token_type_hint=access_token`,
    status: 200,
    answer: '',
  },
]

/** Apps that came before, which follow the page of the shop's help. */
export const nativeApps: readonly Pair[] = [
  {
    name: 'sign a customer in by HTTP Basic',
    path: TOKEN,
    headers: BASIC,
    body: `grant_type=password&${LOGIN}`,
    status: 200,
    answer: TOKENS,
  },
  {
    name: 'put the form into the query',
    path: `${TOKEN}?grant_type=password&${CLIENT}&${LOGIN}`,
    body: '',
    status: 200,
    answer: TOKENS,
  },
  {
    name: 'ask for a token of their own with a scope',
    path: TOKEN,
    body: `${CLIENT}&grant_type=client_credentials&scope=basic`,
    status: 200,
    answer: OF_A_CLIENT,
  },
  {
    name: 'send no password',
    path: TOKEN,
    headers: BASIC,
    body: 'grant_type=password&username=ron%40swanson.com',
    status: 400,
    answer: '{"error":"invalid_grant","error_description":"Bad credentials"}',
  },
]

/** Storefronts of 2211-jdk21 and later, without a secret. */
export const newerStorefronts: readonly Pair[] = [
  {
    name: 'exchange a code that is none',
    path: TOKEN,
    body: `grant_type=authorization_code&code=x&redirect_uri=x&code_verifier=${'v'.repeat(43)}&client_id=mobile_android_public`,
    status: 400,
    answer: '{"error":"invalid_grant"}',
  },
  {
    name: 'forget the code',
    path: TOKEN,
    body: 'grant_type=authorization_code&client_id=mobile_android_public',
    status: 400,
    answer:
      '{"error_description":"OAuth 2.0 Parameter: code","error":"invalid_request","error_uri":"https://datatracker.ietf.org/doc/html/rfc6749#section-5.2"}',
  },
  {
    name: 'refresh with a token that has ended',
    path: TOKEN,
    body: 'grant_type=refresh_token&refresh_token=ended&client_id=mobile_android_public',
    status: 400,
    answer: '{"error":"invalid_grant"}',
  },
  {
    name: 'put the form into the query, which these releases do not read',
    path: `${TOKEN}?grant_type=refresh_token&refresh_token=REFRESH_TOKEN&client_id=mobile_android_public`,
    body: '',
    status: 400,
    answer:
      '{"error_description":"OAuth 2.0 Parameter: grant_type","error":"invalid_request","error_uri":"https://datatracker.ietf.org/doc/html/rfc6749#section-5.2"}',
  },
  {
    name: 'end a token that nobody knows',
    path: REVOKE,
    body: 'token=unknown&token_type_hint=refresh_token&client_id=mobile_android_public',
    status: 200,
    answer: '',
  },
]
