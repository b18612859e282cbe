import type { ResourceServer } from '../../clients/resource-servers.ts'

/** To end everything of a person (Global Token Revocation). */
export const REVOCATION_SCOPE = 'global_token_revocation'
/** To learn at that which people there are. */
export const LOOKUP_SCOPE = 'global_token_revocation:lookup'
/** All operations on streams, and those that read (CAEP Interoperability Profile 1.0 §2.7.3). */
export const STREAM_SCOPES = { manage: 'ssf.manage', read: 'ssf.read' } as const

const SCOPES = [REVOCATION_SCOPE, LOOKUP_SCOPE, STREAM_SCOPES.manage, STREAM_SCOPES.read] as const

/** The longest that a token for streams may live (CAEP Interoperability Profile 1.0 §2.7.2). */
const OWN_TOKEN_SECONDS = 3600

/**
 * This server as a resource server of its own: for clients that end people's sign-ins, and for those that receive signals.
 * Its audience is the issuer, so that no service can use a token here that was shown to it. Each scope is a right over
 * everybody: a client has it where `resource_scopes` names it, in tokens of its own.
 */
export function ownResource(issuer: string): ResourceServer {
  return {
    identifier: issuer,
    format: 'jwt',
    scopes: [...SCOPES],
    machineScopes: [...SCOPES],
    hasMachineTokens: true,
    accessTokenTtlSeconds: OWN_TOKEN_SECONDS,
    longestTokenSeconds: OWN_TOKEN_SECONDS,
  }
}

/** Whether a request asks for scopes of this server and for no other: it need not name the resource. */
export function asksForOwnScopes(scope: string | undefined): boolean {
  const names = scope?.split(' ').filter(Boolean) ?? []
  return names.length > 0 && names.every((name) => (SCOPES as readonly string[]).includes(name)) // a list of literals
}

/** Where clients and sign-in providers end everything of a person, below the issuer. */
export const REVOCATION_PATH = '/global-token-revocation'
/** How a caller proves who it is there: by an access token, or by a JWT of a sign-in provider. */
export const REVOCATION_AUTH_METHODS = ['Bearer', 'global-token-revocation+jwt']
