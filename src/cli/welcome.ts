/** What a person sees once the server is up: addresses, and a request to paste for each door. */
export function welcome(
  { publicUrl, adminUrl }: { publicUrl: string; adminUrl: string },
  { isDemo, seconds }: { isDemo: boolean; seconds: string },
): string {
  const addresses = `
Vestibule is ready (${seconds} s)

  public   ${publicUrl}
  admin    ${adminUrl}
  metadata ${publicUrl}/.well-known/openid-configuration
  keys     ${publicUrl}/jwks
`
  return isDemo ? addresses + requests(publicUrl) : addresses
}

function requests(url: string): string {
  const pick = (name: string) => `sed 's/.*"${name}":"\\([^"]*\\)".*/\\1/'`
  return `
The demo shop is loaded. Paste these into another terminal, in order:

# Sign in with a password (RFC 6749 §4.3)
TOKENS=$(curl -s ${url}/token -d grant_type=password -d client_id=frontend -d username=sonia@spryker.com -d password=change123 -d 'scope=openid email customer company'); echo "$TOKENS"
ACCESS=$(echo "$TOKENS" | ${pick('access_token')}); REFRESH=$(echo "$TOKENS" | ${pick('refresh_token')})

# Who is it?
curl -s ${url}/userinfo -H "Authorization: Bearer $ACCESS"; echo

# Refresh (§6)
TOKENS=$(curl -s ${url}/token -d grant_type=refresh_token -d client_id=frontend -d refresh_token=$REFRESH); echo "$TOKENS"
ACCESS=$(echo "$TOKENS" | ${pick('access_token')}); REFRESH=$(echo "$TOKENS" | ${pick('refresh_token')})

# A service asks whether the token is good (RFC 7662)
curl -s ${url}/introspect -u orders-service:orders-service-secret -d token=$ACCESS; echo

# Sign out: revoke the refresh token (RFC 7009), ask again, and the token is inactive
curl -s ${url}/revoke -d client_id=frontend -d token=$REFRESH -w 'revoked: %{http_code}\\n'
curl -s ${url}/introspect -u orders-service:orders-service-secret -d token=$ACCESS; echo

# A service signs in for itself (§4.4)
curl -s ${url}/token -u orders-service:orders-service-secret -d grant_type=client_credentials; echo

# A shop's storefront, as it does today: Spryker
curl -s ${url}/access-tokens -H 'Content-Type: application/json' -d '{"data":{"type":"access-tokens","attributes":{"username":"sonia@spryker.com","password":"change123"}}}'; echo

# In a browser: sign in as sonia@spryker.com / change123 (authorization code + PKCE)
${url}/authorize?client_id=frontend&response_type=code&redirect_uri=http://localhost:8080/callback&scope=openid%20email%20customer&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256
# then, with the code of the address it leads to:
CODE=...; curl -s ${url}/token -d grant_type=authorization_code -d client_id=frontend -d redirect_uri=http://localhost:8080/callback -d code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk -d code=$CODE; echo
`
}
