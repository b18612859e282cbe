import { type AdapterPayload, Provider } from 'oidc-provider'
import type { Client, ClientMetadata } from '../../clients/client.ts'

/** Members of ours that the library carries along on its client objects. */
export const OWN_CLIENT_MEMBERS = [
  'first_party',
  'default_scope',
  'access_token_ttl_seconds',
  'refresh_token_ttl_seconds',
  'refresh_token_absolute_ttl_seconds',
  'refresh_retry_seconds',
  'introspects',
  'exchange_targets',
  'resource_scopes',
  'allowed_origins',
] as const

const SECRET_METHODS = ['client_secret_basic', 'client_secret_post']

/** A client as the library wants it. It insists on a secret being there; ours are digests it never sees. */
export function toLibraryClient({ metadata }: Client): AdapterPayload {
  const method = metadata.token_endpoint_auth_method ?? 'client_secret_basic'
  return {
    ...metadata,
    response_types: metadata.response_types ?? (metadata.redirect_uris?.length ? ['code'] : []),
    redirect_uris: metadata.redirect_uris ?? [],
    ...(SECRET_METHODS.includes(method) && { client_secret: 'kept as a digest' }),
  } as AdapterPayload
}

/** @throws with the reason when the library could not use such a client. */
export async function validateClient(provider: Provider, metadata: ClientMetadata): Promise<void> {
  await provider.Client.validate(toLibraryClient({ metadata, isEnabled: true, secrets: [] }) as never)
}

/** Compares client secrets with the digests in the registry, so that several can be valid at once. */
export function compareSecretsWith(
  provider: Provider,
  verifySecret: (clientId: string, presented: string, ip: string) => Promise<boolean>,
): void {
  provider.Client.prototype.compareClientSecret = function compareClientSecret(
    this: { clientId: string },
    presented: string,
  ) {
    return verifySecret(this.clientId, presented, Provider.ctx?.ip ?? '')
  }
}

/** Browser apps may call from the origins of their own redirects, and from those the client lists. */
export function allowsOrigin(client: ClientMetadata & { redirectUris?: readonly string[] }, origin: string): boolean {
  const listed = (client.allowed_origins as string[] | undefined) ?? []
  const own = (client.redirectUris ?? client.redirect_uris ?? []).map((uri) => new URL(uri).origin)
  return [...listed, ...own].some((allowed) => allowed === origin || isSameLoopback(allowed, origin))
}

/** A loopback redirect may come back on any port (RFC 8252 §7.3), so its origin may be on any port too. */
function isSameLoopback(allowed: string, origin: string): boolean {
  const [first, second] = [URL.parse(allowed), URL.parse(origin)]
  const isLoopback = (url: URL | null) =>
    url?.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  return isLoopback(first) && isLoopback(second) && first?.hostname === second?.hostname
}
