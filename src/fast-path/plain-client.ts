import { accessTokenFormatOf } from '../clients/agent-platform.ts'
import type { ClientMetadata } from '../clients/client.ts'
import type { ResourceServer } from '../clients/resource-servers.ts'
import { BOUND_TOKENS } from '../oauth/clients/mutual-tls.ts'
import { algorithmOf, mayUse } from '../oauth/clients/resource-indicators.ts'
import type { AccessTokenSigner } from '../oauth/tokens/sign-access-token.ts'

/**
 * Whether a client may have tokens by a grant type without more ado: it is registered for it, the grant type does not end
 * for it, it asks for no factor again, and its tokens are not bound to a key.
 */
export function mayHavePlainTokens(client: ClientMetadata, grantType: string): boolean {
  return (
    client.grant_types?.includes(grantType) === true &&
    client.grants_sunset === undefined &&
    client.second_factor_max_age_seconds === undefined &&
    client.dpop_bound_access_tokens !== true &&
    client[BOUND_TOKENS] !== true
  )
}

/** Whether a client's tokens for a resource server are JWTs of the usual form, for which there is a key. */
export function takesPlainTokens(client: ClientMetadata, server: ResourceServer, signer: AccessTokenSigner): boolean {
  const isJwt = accessTokenFormatOf(client, server) === 'jwt'
  // What a policy leaves of the scopes is for the engine to say.
  const isPlain = isJwt && !server.status_list && !server.scope_policies && !server.identifier.includes('#')
  return isPlain && mayUse(client, server) && signer.canSign(algorithmOf(server))
}
