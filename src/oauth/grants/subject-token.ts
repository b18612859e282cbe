import { errors, type TokenEndpointGrantContext } from 'oidc-provider'
import type { PersonAccount } from '../accounts/account.ts'
import { anonymousIdOf, isAnonymousAccount } from '../accounts/anonymous-account.ts'
import type { FoundToken } from '../tokens/found-token.ts'
import type { Refusal } from '../tokens/refusals.ts'
import { type JudgeToken, objectToBearer } from '../tokens/token-verdict.ts'

export type SubjectTokenDeps = { readonly judgeToken: JudgeToken }

/** A person's access token, and whose it is. */
export type Subject = { readonly token: FoundToken; readonly account: PersonAccount }

/**
 * The person whose access token the request shows as `subject_token`. It must work now, be a plain bearer token, and
 * have been issued to the very client that asks: otherwise an app could trade a token of few rights for another's.
 */
export async function findSubject({ judgeToken }: SubjectTokenDeps, ctx: TokenEndpointGrantContext): Promise<Subject> {
  const { subject_token: value } = ctx.oidc.params as Record<string, unknown>
  if (typeof value !== 'string') throw new errors.InvalidRequest("missing required parameter(s) 'subject_token'")
  const verdict = await judgeToken(value, {
    asker: 'subject-token',
    objection: (token) => objectTo(token, ctx.oidc.client?.clientId),
  })
  if (!verdict.works) throw new errors.InvalidGrant(`the subject token does not work: ${verdict.reason}`)
  const { token, account } = verdict
  if (!account || isAnonymousAccount(account)) throw new errors.InvalidGrant('the subject token is no person’s')
  return { token, account }
}

function objectTo(token: FoundToken, clientId: string | undefined): Refusal | undefined {
  const { kind, accountId, grantClientId } = token
  if (kind !== 'access-token' || accountId === undefined || anonymousIdOf(accountId) !== undefined) return 'wrong-kind'
  // What was traded hangs from the sign-in of another client, and must not become one of its own.
  if (grantClientId !== undefined || token.clientId !== clientId) return 'caller-not-entitled'
  return objectToBearer(token)
}
