import { DPOP_ALGORITHMS } from '../binding/dpop.ts'
import type { Settings } from '../options.ts'

/** What a service publishes of itself (RFC 9728 §2). */
export type ResourceMetadata = {
  readonly resource: string
  readonly authorization_servers: readonly string[]
  readonly bearer_methods_supported: readonly ['header']
  readonly scopes_supported?: readonly string[]
  readonly resource_name?: string
  readonly resource_documentation?: string
  readonly dpop_signing_alg_values_supported?: readonly string[]
  readonly dpop_bound_access_tokens_required?: true
  readonly tls_client_certificate_bound_access_tokens?: true
}

export type PublishedMetadata = {
  /** Where it is served, whatever the path of the resource (RFC 9728 §3.1). */
  readonly path: string
  readonly url: string
  readonly document: ResourceMetadata
}

/** The service's metadata and its place, or undefined where the service has no address as its identifier. */
export function publishedMetadata(settings: Settings): PublishedMetadata | undefined {
  const { resource, issuer, dpop, mtls, scopesSupported, resourceName, resourceDocumentation } = settings
  if (resource === undefined) return undefined
  const { origin, pathname, search } = new URL(resource)
  const path = `/.well-known/oauth-protected-resource${pathname === '/' ? '' : pathname}`
  const document: ResourceMetadata = {
    resource,
    authorization_servers: [issuer],
    bearer_methods_supported: ['header'],
    // A client asks for offline_access by itself, if it wants that.
    ...(scopesSupported && { scopes_supported: scopesSupported.filter((scope) => scope !== 'offline_access') }),
    ...(resourceName && { resource_name: resourceName }),
    ...(resourceDocumentation && { resource_documentation: resourceDocumentation }),
    ...(dpop && { dpop_signing_alg_values_supported: DPOP_ALGORITHMS }),
    ...(typeof dpop === 'object' && dpop.isRequired && { dpop_bound_access_tokens_required: true as const }),
    ...(mtls && { tls_client_certificate_bound_access_tokens: true as const }),
  }
  return { path, url: origin + path + search, document }
}
