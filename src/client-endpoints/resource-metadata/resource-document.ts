import { isOffered } from '../../clients/offered-scopes.ts'
import type { ResourceServer } from '../../clients/resource-servers.ts'
import { RESOURCE_DOCUMENTS } from '../../http/routing/issuer-path.ts'

/** What is published of a resource server (RFC 9728 §2). */
export type ResourceDocument = {
  readonly resource: string
  readonly authorization_servers: readonly string[]
  readonly scopes_supported: readonly string[]
  readonly bearer_methods_supported: readonly ['header']
  readonly resource_name?: string
  readonly resource_documentation?: string
  readonly resource_policy_uri?: string
  readonly resource_tos_uri?: string
}

export type DocumentRules = {
  readonly issuer: string
  /** Whether services on this machine may be named without TLS: while the server itself is on this machine. */
  readonly allowsLoopback: boolean
}

/** Its life is that of a session, which a client asks for at the authorization endpoint: no service should demand it. */
const OF_CLIENTS = 'offline_access'

/**
 * The document of a resource server; undefined where there is none: its identifier is no address, software of others gets no
 * tokens for it, or it is this server itself.
 */
export function resourceDocument(server: ResourceServer, rules: DocumentRules): ResourceDocument | undefined {
  const { identifier, scopes, machineScopes = [] } = server
  if (!isOffered(server) || identifier === rules.issuer || !isAddress(identifier, rules)) return undefined
  const offered = scopes.filter((scope) => scope !== OF_CLIENTS && !machineScopes.includes(scope))
  return {
    resource: identifier,
    authorization_servers: [rules.issuer],
    scopes_supported: offered,
    bearer_methods_supported: ['header'],
    ...(server.resource_name !== undefined && { resource_name: server.resource_name }),
    ...(server.resource_documentation !== undefined && { resource_documentation: server.resource_documentation }),
    ...(server.resource_policy_uri !== undefined && { resource_policy_uri: server.resource_policy_uri }),
    ...(server.resource_tos_uri !== undefined && { resource_tos_uri: server.resource_tos_uri }),
  }
}

/**
 * The identifiers whose document is at a path and query of an origin, most likely first. They are compared as they were sent:
 * two spellings of a path are two resources. A host alone is one place for two identifiers, with a slash at the end and
 * without (RFC 9728 §3.1).
 */
export function identifiersAt(origin: string, path: string, search: string): readonly string[] {
  const rest = path.slice(RESOURCE_DOCUMENTS.length)
  return rest === '' || rest === '/' ? [origin + search, `${origin}/${search}`] : [origin + rest + search]
}

function isAddress(identifier: string, { allowsLoopback }: DocumentRules): boolean {
  const url = URL.parse(identifier)
  if (!url || identifier.includes('#') || url.username !== '' || url.password !== '') return false
  return url.protocol === 'https:' || (allowsLoopback && url.protocol === 'http:' && isLoopback(url.hostname))
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname)
}
