/** What a person sees once the server is up: addresses, and a request to paste for each endpoint. */
export function welcome(
  { publicUrl, adminUrl }: { publicUrl: string; adminUrl: string },
  {
    isDemo,
    startedMs,
    dialects,
    workers = 1,
  }: { isDemo: boolean; startedMs: number; dialects: readonly string[]; workers?: number },
): string {
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
  const addresses = `
Vestibule is ready (${seconds} s${workers > 1 ? `, ${workers} workers` : ''})

  public   ${publicUrl}
  admin    ${adminUrl}
  console  ${adminUrl}/console/
  metadata ${publicUrl}/.well-known/openid-configuration
  keys     ${publicUrl}/jwks
`
  return isDemo ? addresses + requests(publicUrl, dialects) : addresses
}

const CALLBACK = 'http://localhost:8080/callback'
/** The example of RFC 7636, appendix B. */
const CODE_VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
const CODE_CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'

const signIn = (url: string) =>
  `curl -s ${url}/token -d grant_type=password -d client_id=frontend -d username=sonia@spryker.com -d password=change123 -d 'scope=openid email customer company'`

/** A shell command that picks a member out of JSON, with nothing installed. */
const pick = (name: string) => `sed 's/.*"${name}":"\\([^"]*\\)".*/\\1/'`

const JSON_BODY = "-H 'Content-Type: application/json'"

/** A sign-in as each shop system's storefront sends it today. */
const DIALECT_REQUESTS: readonly { readonly dialect: string; readonly request: (url: string) => string }[] = [
  {
    dialect: 'spryker',
    request: (url) => `# A Spryker storefront, as it does today: sign in, then refresh
TOKENS=$(curl -s ${url}/access-tokens ${JSON_BODY} -d '{"data":{"type":"access-tokens","attributes":{"username":"sonia@spryker.com","password":"change123"}}}'); echo "$TOKENS"
REFRESH=$(echo "$TOKENS" | ${pick('refreshToken')})
curl -s ${url}/refresh-tokens ${JSON_BODY} -d '{"data":{"type":"refresh-tokens","attributes":{"refreshToken":"'$REFRESH'"}}}'; echo`,
  },
  {
    dialect: 'elastic-path',
    request: (url) => `# An Elastic Path storefront: a visitor's token, then a customer's
ACCESS=$(curl -s ${url}/oauth/access_token -d grant_type=implicit -d client_id=frontend | ${pick('access_token')})
curl -s ${url}/v2/customers/tokens -H "Authorization: Bearer $ACCESS" ${JSON_BODY} -d '{"data":{"type":"token","email":"ron@swanson.com","password":"mysecretpassword"}}'; echo`,
  },
  {
    dialect: 'magento',
    request: (url) => `# A Magento storefront
curl -s ${url}/rest/V1/integration/customer/token ${JSON_BODY} -d '{"username":"ron@swanson.com","password":"mysecretpassword"}'; echo`,
  },
  {
    dialect: 'commercetools',
    request: (url) => `# A commercetools storefront
curl -s ${url}/oauth/shop/customers/token -u third-party-app:third-party-app-secret -d grant_type=password -d username=ron@swanson.com -d password=mysecretpassword; echo`,
  },
  {
    dialect: 'sap-commerce',
    request: (url) => `# A storefront of SAP Commerce
curl -s ${url}/authorizationserver/oauth/token -u third-party-app:third-party-app-secret -d grant_type=password -d username=ron@swanson.com -d password=mysecretpassword; echo`,
  },
]

function requests(url: string, dialects: readonly string[]): string {
  return `
The demo shop is loaded. Paste these into another terminal, in order (zsh: "setopt interactive_comments" first):

# Sign in with a password (RFC 6749 §4.3)
TOKENS=$(${signIn(url)}); echo "$TOKENS"
ACCESS=$(echo "$TOKENS" | ${pick('access_token')}); REFRESH=$(echo "$TOKENS" | ${pick('refresh_token')})

# Who is it? (OIDC Core §5.3)
curl -s ${url}/userinfo -H "Authorization: Bearer $ACCESS"; echo

# Refresh: the old refresh token gives way to a new one (RFC 6749 §6)
TOKENS=$(curl -s ${url}/token -d grant_type=refresh_token -d client_id=frontend -d refresh_token=$REFRESH); echo "$TOKENS"
ACCESS=$(echo "$TOKENS" | ${pick('access_token')}); REFRESH=$(echo "$TOKENS" | ${pick('refresh_token')})

# A service asks whether the access token is good, and whose it is (RFC 7662)
curl -s ${url}/introspect -u orders-service:orders-service-secret -d token=$ACCESS; echo

# Sign out: revoke the refresh token (RFC 7009), ask again, and the access token is inactive too
curl -s ${url}/revoke -d client_id=frontend -d token=$REFRESH -w 'revoked: %{http_code}\\n'
curl -s ${url}/introspect -u orders-service:orders-service-secret -d token=$ACCESS; echo

# A service that received a customer's token trades it for one that the next service accepts (RFC 8693)
curl -s ${url}/token -u orders-service:orders-service-secret -d grant_type=urn:ietf:params:oauth:grant-type:token-exchange -d subject_token=$(${signIn(url)} | ${pick('access_token')}) -d subject_token_type=urn:ietf:params:oauth:token-type:access_token -d resource=urn:vestibule:warehouse; echo

# A service signs in for itself (RFC 6749 §4.4)
curl -s ${url}/token -u orders-service:orders-service-secret -d grant_type=client_credentials; echo

${DIALECT_REQUESTS.filter(({ dialect }) => dialects.includes(dialect))
  .map(({ request }) => request(url))
  .join('\n\n')}

# A device without a keyboard (RFC 8628): open the verification_uri_complete that this prints
curl -s ${url}/device_authorization -d client_id=device-app -d 'scope=openid email'; echo

# In a browser, with PKCE (RFC 7636): open this address and sign in as sonia@spryker.com with change123
#   ${authorize(url)}
# No app listens on localhost:8080, so the browser then says that it cannot connect: copy the code from its address
# bar and redeem it within a minute.
CODE=paste-it-here
curl -s ${url}/token -d grant_type=authorization_code -d client_id=frontend -d redirect_uri=${CALLBACK} -d code_verifier=${CODE_VERIFIER} -d code=$CODE; echo

The output of this terminal is the log; Ctrl-C stops the server.
`
}

function authorize(url: string): string {
  const parameters = {
    client_id: 'frontend',
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: 'openid email customer',
    code_challenge: CODE_CHALLENGE,
    code_challenge_method: 'S256',
  }
  return `${url}/authorize?${new URLSearchParams(parameters)}`
}
