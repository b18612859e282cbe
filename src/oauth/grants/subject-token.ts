import { errors, type TokenEndpointGrantContext } from 'oidc-provider'
import type { FindLiveAccount, PersonAccount } from '../accounts/account.ts'
import { isAnonymousAccount } from '../accounts/anonymous-account.ts'
import type { FindToken } from '../tokens/token-status.ts'

export type SubjectTokenDeps = { readonly findToken: FindToken; readonly findLiveAccount: FindLiveAccount }

/**
 * The account whose access token the request shows as `subject_token`. It must work now, be a plain bearer token, and
 * have been issued to the very client that asks: otherwise an app could trade a token of few rights for another's.
 */
export async function findSubject(
  { findToken, findLiveAccount }: SubjectTokenDeps,
  ctx: TokenEndpointGrantContext,
): Promise<PersonAccount> {
  const { subject_token: value } = ctx.oidc.params as Record<string, unknown>
  if (typeof value !== 'string') throw new errors.InvalidRequest("missing required parameter(s) 'subject_token'")
  const status = await findToken(value)
  if (!status.isLive) throw new errors.InvalidGrant('the subject token does not work')
  // What was traded hangs from somebody else's sign-in, and must not become one of its own.
  if (status.token.grantClientId !== undefined)
    throw new errors.InvalidGrant('the subject token was traded for another')
  const { kind, accountId, clientId, companyUserId, actingAgentId, jkt, certificateThumbprint, iat } = status.token
  if (kind !== 'access-token' || accountId === undefined || jkt !== undefined || certificateThumbprint !== undefined) {
    throw new errors.InvalidGrant('the subject token is no plain access token of a person')
  }
  if (clientId !== ctx.oidc.client?.clientId) throw new errors.InvalidGrant('the subject token is of another client')
  const account = await findLiveAccount(accountId, { companyUserId, actingAgentId, grantedAtMs: iat * 1000 })
  if (account && isAnonymousAccount(account)) throw new errors.InvalidGrant('the subject token is a visitor’s')
  if (!account) throw new errors.InvalidGrant('the account of the subject token may not act any more')
  return account
}
