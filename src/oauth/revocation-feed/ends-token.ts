import { agentAccountId } from '../accounts/agent-account.ts'
import { fallsUnder } from '../sign-out-cut-offs.ts'
import type { FoundToken } from '../tokens/found-token.ts'
import type { FeedEntry } from './feed-entry.ts'

/** What a token says that an entry of the feed can be about. */
export type TokenFacts = {
  readonly jti?: string | undefined
  /** The sign-in that it hangs from, and the one that ends it. */
  readonly grantIds: readonly string[]
  /** Whose it is, and the agent who acts. */
  readonly accountIds: readonly string[]
  readonly companyUserId?: string | undefined
  /** Who holds it, and who got the sign-in. */
  readonly clientIds: readonly string[]
  /** Epoch seconds. */
  readonly iat: number
}

/** Reads them. */
export function factsOf(token: FoundToken): TokenFacts {
  const { jti, grantId, parentGrantId, accountId, actingAgentId, companyUserId, clientId, grantClientId, iat } = token
  const given = (...texts: readonly (string | undefined)[]) => texts.filter((text) => text !== undefined)
  return {
    jti,
    grantIds: given(grantId, parentGrantId),
    accountIds: given(accountId, actingAgentId && agentAccountId(actingAgentId)),
    companyUserId,
    clientIds: given(clientId, grantClientId),
    iat,
  }
}

/**
 * The rule of whoever follows the feed: whether an entry ends a token. A cut-off is compared with the second in which the token was issued,
 * so that what introspection refuses is refused here; of the tokens that were issued within that second after the cut-off, also those that
 * introspection takes.
 */
export function endsToken([, kind, value, at]: FeedEntry, token: TokenFacts): boolean {
  switch (kind) {
    case 'j':
      return token.jti === value
    case 'g':
      return token.grantIds.includes(value)
    case 's':
      return token.accountIds.includes(value) && fallsUnder(token.iat, at)
    case 'm':
      return token.companyUserId === value && fallsUnder(token.iat, at)
    case 'c':
      return token.clientIds.includes(value) && fallsUnder(token.iat, at)
    case '*':
      return fallsUnder(token.iat, at)
  }
}
