import { isIP } from 'node:net'
import { type AdapterPayload, Provider } from 'oidc-provider'
import type { Client, ClientMetadata } from '../../clients/client.ts'

const SECRET_METHODS = ['client_secret_basic', 'client_secret_post']

/** A client as the library wants it. It insists on a secret being there; ours are digests it never sees. */
export function toLibraryClient({ metadata }: Client): AdapterPayload {
  const method = metadata.token_endpoint_auth_method ?? 'client_secret_basic'
  // Our members are beside those of its type.
  return {
    ...metadata,
    response_types: metadata.response_types ?? (metadata.redirect_uris?.length ? ['code'] : []),
    redirect_uris: metadata.redirect_uris ?? [],
    ...(SECRET_METHODS.includes(method) && { client_secret: 'kept as a digest' }),
  } as AdapterPayload
}

/**
 * For clients that are about to be stored: one that was stored before goes on as it is.
 *
 * @throws with the reason when the library could not use such a client, or it could not be safe, or not what it says.
 */
export async function validateClient(
  provider: Provider,
  metadata: ClientMetadata,
  mayCall: (address: string) => Promise<boolean>,
): Promise<void> {
  const fault = missingRedirect(metadata) ?? redirectFault(metadata) ?? (await logoutFault(metadata, mayCall))
  if (fault) throw new Error(fault)
  // It wants the type of a client that was checked already.
  await provider.Client.validate(toLibraryClient({ metadata, isEnabled: true, secrets: [] }) as never)
}

/** The library refuses it as well, in words that name no way on. */
function missingRedirect({ response_types, redirect_uris }: ClientMetadata): string | undefined {
  if (!response_types?.length || redirect_uris?.length) return undefined
  return 'redirect_uris is missing: it says where people return after signing in. On the command line, add --redirect-uri.'
}

/** A code that travels by plain http can be read on its way; to loopback it has no way to go (RFC 8252 §8.3). */
function redirectFault(metadata: ClientMetadata): string | undefined {
  for (const member of ['redirect_uris', 'post_logout_redirect_uris'] as const) {
    // What is no list of texts is for the library to refuse.
    const uris: readonly unknown[] = Array.isArray(metadata[member]) ? metadata[member] : []
    const plain = uris.find((uri) => typeof uri === 'string' && isPlainHttp(URL.parse(uri)))
    if (plain) return `${member} has "${plain}": use https; http is for loopback addresses only.`
  }
  return undefined
}

/**
 * An address that would never be called is a mistake of now, not of the first sign-out. A name may get its public address
 * later; plain http is only ever for the networks that are listed.
 */
async function logoutFault(
  { backchannel_logout_uri: uri }: ClientMetadata,
  mayCall: (address: string) => Promise<boolean>,
): Promise<string | undefined> {
  const url = typeof uri === 'string' ? URL.parse(uri) : null
  if (!url || (url.protocol === 'https:' && !isAddress(url.hostname)) || (await mayCall(url.href))) return undefined
  const way = url.protocol === 'https:' ? 'https to a public address' : 'https'
  return `backchannel_logout_uri is "${uri}", which this server does not call: use ${way}, or list its network in OUTGOING_ALLOWED_NETWORKS.`
}

function isAddress(hostname: string): boolean {
  return isIP(hostname.replace(/^\[(.*)\]$/, '$1')) !== 0
}

function isPlainHttp(url: URL | null): boolean {
  return url?.protocol === 'http:' && !isLoopback(url)
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

/** Of our metadata, or of the library's client. */
type ClientOrigins = {
  readonly redirect_uris?: readonly string[] | undefined
  readonly redirectUris?: readonly string[] | undefined
  readonly allowed_origins?: unknown
}

/** Browser apps may call from the origins of their own redirects, and from those the client lists. */
export function allowsOrigin(client: ClientOrigins, origin: string): boolean {
  // Checked when the client was stored.
  const listed = (client.allowed_origins as string[] | undefined) ?? []
  const own = (client.redirectUris ?? client.redirect_uris ?? []).map((uri) => new URL(uri).origin)
  // The origin of an app's own scheme, and of every sandboxed frame: it says nothing about who calls (RFC 6454 §7).
  if (origin === 'null') return false
  return [...listed, ...own].some((allowed) => allowed === origin || isSameLoopback(allowed, origin))
}

/** A loopback redirect may come back on any port (RFC 8252 §7.3), so its origin may be on any port too. */
function isSameLoopback(allowed: string, origin: string): boolean {
  const [first, second] = [URL.parse(allowed), URL.parse(origin)]
  return isLoopback(first) && isLoopback(second) && first?.hostname === second?.hostname
}

function isLoopback(url: URL | null): boolean {
  return url?.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
}
