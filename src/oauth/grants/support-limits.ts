import { errors, type TokenEndpointGrantContext } from 'oidc-provider'
import type { Storage } from '../../storage/storage.ts'
import type { PersonAccount } from '../accounts/account.ts'
import { isAgentAccount } from '../accounts/agent-account.ts'

/** What of some scopes an agent may have who acts for a customer. */
export type LimitSupportScopes = (scopes: readonly string[]) => {
  readonly allowed: readonly string[]
  /** Never granted, and refused when asked for. */
  readonly sensitive: readonly string[]
}

/** What deriving tokens needs. */
export type DeriveDeps = {
  readonly storage: Pick<Storage, 'extend'>
  readonly limitSupportScopes: LimitSupportScopes
}

/**
 * The scopes of a token that comes of another; where an agent acts for the account, no more than support access may have,
 * whichever grant leads to them.
 *
 * @throws {InvalidScope} when one is asked for that is never granted.
 */
export function withinSupport(
  ctx: TokenEndpointGrantContext,
  { account, scopes }: { readonly account: PersonAccount; readonly scopes: readonly string[] },
  limit: LimitSupportScopes,
): readonly string[] {
  if (isAgentAccount(account) || account.actingAgentId === undefined) return scopes
  const { allowed, sensitive } = limit(scopes)
  if (ctx.oidc.params?.scope !== undefined && sensitive.length > 0) {
    throw new errors.InvalidScope('an agent who acts for a customer may not have every scope', sensitive.join(' '))
  }
  return allowed
}
