import type { ClientMetadata } from '../../clients/client.ts'
import type { REFRESH_POLICIES } from '../../clients/client-schema.ts'
import type { ResourceServer } from '../../clients/resource-servers.ts'
import { isFapi } from '../../clients/security-profile.ts'

export type RefreshPolicy = (typeof REFRESH_POLICIES)[number]

/**
 * The client's own policy, else that of its profile (FAPI 2.0 §5.3.2.1 does not rotate), else that of the shop system whose clients know no other, else rotation. Only a client that
 * proves who it is may keep a refresh token: a stolen one could not be told from its own (RFC 9700 §4.14.2).
 */
export function refreshPolicyOf(client: ClientMetadata, server: ResourceServer | undefined): RefreshPolicy {
  const policy =
    client.refresh_policy ?? (isFapi(client.security_profile) ? 'keep' : (server?.refreshPolicy ?? 'rotate'))
  return policy === 'keep' && client.token_endpoint_auth_method === 'none' ? 'rotate' : policy
}
