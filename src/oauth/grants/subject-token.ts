import { type AccessToken, errors, type TokenEndpointGrantContext } from 'oidc-provider'
import { resolveRequestedResources } from 'oidc-provider/lib/helpers/grants.js'
import { requestState } from '../../http/request-state.ts'
import type { Artifact } from '../../storage/storage.ts'
import type { PersonAccount } from '../accounts/account.ts'
import { anonymousIdOf, isAnonymousAccount } from '../accounts/anonymous-account.ts'
import { grantFacts } from '../accounts/grant-facts.ts'
import { parametersOf } from '../library-values.ts'
import type { FoundToken } from '../tokens/found-token.ts'
import type { Refusal } from '../tokens/refusals.ts'
import { type JudgeToken, objectToBearer } from '../tokens/token-verdict.ts'
import type { DeriveDeps } from './support-limits.ts'

/** What grants need that take a person's access token and end in tokens that come of it. */
export type SubjectTokenDeps = DeriveDeps & { readonly judgeToken: JudgeToken }

/** A person's access token, whose it is, and what may come of it. */
export type Subject = {
  readonly token: FoundToken
  readonly account: PersonAccount
  /** The grant it hangs from, as it is stored. */
  readonly grant: Artifact
  /** What the request asks tokens for. */
  readonly resourceServer: NonNullable<AccessToken['resourceServer']>
  /** Epoch seconds: nothing that comes of it lives longer. */
  readonly endsAt: number
  /** Epoch milliseconds, from before it was judged: what signs its person out since ends what comes of it too. */
  readonly judgedAtMs: number
}

/** Names a warehouse and no person: it leads no further. */
export const WAREHOUSE_SCOPE = 'warehouse'

/**
 * The person whose access token the request shows as `subject_token`. It must work now, be a plain bearer token, have
 * been issued to the very client that asks, and have been made for the service that tokens are asked for: who receives
 * a token of a public client can ask in its name, and must not get further with it than where it was sent. With
 * `mayCross` another service of the same client will do, if the client proves who it is or got the token in this very
 * request. `alsoFrom` is the identifier of one more resource server whose tokens will do.
 */
export async function findSubject(
  { judgeToken }: Pick<SubjectTokenDeps, 'judgeToken'>,
  ctx: TokenEndpointGrantContext,
  { mayCross = false, alsoFrom }: { readonly mayCross?: boolean; readonly alsoFrom?: string | undefined } = {},
): Promise<Subject> {
  const { subject_token: value } = parametersOf(ctx)
  if (typeof value !== 'string') throw new errors.InvalidRequest("missing required parameter(s) 'subject_token'")
  const [resourceServer, another] = await resolveRequestedResources(ctx.oidc.provider, ctx)
  if (another || !resourceServer) throw new errors.InvalidTarget('only one resource can be asked for at a time')
  const isIssuedHere = requestState(ctx).issuedTokens?.includes(value) === true
  const crosses = mayCross && (isIssuedHere || ctx.oidc.client?.clientAuthMethod !== 'none')
  const audience = resourceServer.audience ?? resourceServer.identifier()
  const audiences = crosses ? undefined : [audience, ...(alsoFrom === undefined ? [] : [alsoFrom])]
  const judgedAtMs = Date.now()
  const verdict = await judgeToken(value, {
    asker: 'subject-token',
    objection: (token) => objectTo(token, ctx.oidc.client?.clientId, audiences),
  })
  if (!verdict.works) throw new errors.InvalidGrant(`the subject token does not work: ${verdict.reason}`)
  const { token, account, records } = verdict
  const grant = records.grant?.artifact
  if (!account || !grant || isAnonymousAccount(account)) {
    throw new errors.InvalidGrant('the subject token is no person’s')
  }
  // What somebody signed in for once, with a dialect, is no way to anything else.
  if (grantFacts(grant)?.dialectSession?.step !== undefined && !isIssuedHere) {
    throw new errors.InvalidGrant('the subject token is a step of another sign-in')
  }
  // What a code brought a moment ago is a step of one sign-in: that, and not the step, is the source.
  return { token, account, grant, resourceServer, endsAt: isIssuedHere ? Number(grant.exp) : token.exp, judgedAtMs }
}

function objectTo(
  token: FoundToken,
  clientId: string | undefined,
  audiences: readonly string[] | undefined,
): Refusal | undefined {
  const { kind, accountId, grantClientId, scope = '', exp } = token
  if (kind !== 'access-token' || accountId === undefined || anonymousIdOf(accountId) !== undefined) return 'wrong-kind'
  if (scope.split(' ').includes(WAREHOUSE_SCOPE)) return 'wrong-kind'
  // What was traded hangs from the sign-in of another client, and must not become one of its own.
  if (grantClientId !== undefined || token.clientId !== clientId) return 'caller-not-entitled'
  if (audiences && !audiences.includes(String(token.audience))) return 'wrong-audience'
  // The check of a JWT allows for clocks that differ; what is over does not become something that lives.
  if (exp <= Date.now() / 1000) return 'expired'
  return objectToBearer(token)
}
