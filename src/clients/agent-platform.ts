import type { ClientMetadata } from './client.ts'
import type { ResourceServer } from './resource-servers.ts'

/**
 * Whether a client is a platform whose agents act for people (`security_profile: "agent-platform"`). What people grant it is a link:
 * it lasts until they take it back, and signing out of a browser does not end it.
 */
export function isAgentPlatform(client: object | undefined): boolean {
  // Our metadata, or the library's client, which carries them along.
  return (client as Partial<ClientMetadata> | undefined)?.security_profile === 'agent-platform'
}

/**
 * The form of a client's access tokens for a resource server. Platforms get opaque ones unless their metadata say otherwise: these stop
 * working everywhere at once when a link is taken back. A service that reads no JWTs gets none.
 */
export function accessTokenFormatOf(
  client: Pick<ClientMetadata, 'access_token_format' | 'security_profile'>,
  { format }: Pick<ResourceServer, 'format'>,
): 'jwt' | 'opaque' {
  const own = client.access_token_format ?? (isAgentPlatform(client) ? 'opaque' : format)
  return format === 'opaque' ? 'opaque' : own
}
