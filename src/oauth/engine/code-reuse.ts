import type { StoredArtifact } from '../../storage/storage.ts'

/** A client that sent a code twice does so within seconds: it had no answer yet, or lost it. */
const SENT_TWICE_SECONDS = 5

/**
 * Whether another use of a code may be theft, which ends the grant (RFC 6749 §4.1.2). The same code sent twice at once
 * is none: one of the two is answered, the other refused, and what the first was given goes on. A code without PKCE gets
 * no such grace, because nothing else shows that both came from one client.
 */
export function isReplay(kind: string, { artifact, consumedAt }: StoredArtifact): boolean {
  if (consumedAt === undefined) return false
  if (kind === 'AuthorizationCode' && artifact.codeChallenge === undefined) return true
  return Date.now() / 1000 - consumedAt > SENT_TWICE_SECONDS
}
