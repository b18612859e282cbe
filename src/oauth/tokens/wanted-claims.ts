import type { ResourceServer } from '../../clients/resource-servers.ts'

/** Claims that a resource server wants beyond those of RFC 9068, in a token that is issued at `iat` (epoch seconds). */
export function wantedClaims({ with_nbf: withNbf }: ResourceServer, iat: number): { nbf?: number } {
  return withNbf ? { nbf: iat } : {}
}
