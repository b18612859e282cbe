import { errors, type TokenEndpointGrantContext } from 'oidc-provider'
import type { ClientMetadata } from '../../clients/client.ts'
import type { CustomerAccount } from '../accounts/account.ts'
import { agentIdOf, isAgentAccount } from '../accounts/agent-account.ts'
import { anonymousIdOf, isAnonymousAccount } from '../accounts/anonymous-account.ts'
import { type Delegation, delegateTo } from '../accounts/delegation.ts'
import { grantFacts } from '../accounts/grant-facts.ts'
import { clientIdOf, parametersOf } from '../library-values.ts'
import type { FoundToken } from '../tokens/found-token.ts'
import { mayIntrospect } from '../tokens/introspection.ts'
import type { Refusal } from '../tokens/refusals.ts'
import { type JudgeToken, objectToBearer } from '../tokens/token-verdict.ts'

export const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
/** An access token may be called by its form as well (RFC 8693 §3). */
const TOKEN_TYPES: readonly unknown[] = [ACCESS_TOKEN, 'urn:ietf:params:oauth:token-type:jwt']

export type ExchangeSubjectDeps = {
  readonly judgeToken: JudgeToken
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>
  readonly identifiersOf: (audience: string) => readonly string[]
}

/** What is traded, and for whom. */
export type ExchangeSubject = {
  readonly client: ClientMetadata
  readonly token: FoundToken
  readonly account: CustomerAccount
  readonly delegation: Delegation
}

/**
 * Reads what a token exchange offers (RFC 8693 §2.1).
 *
 * @throws {InvalidRequest} for types we do not trade, and for tokens that will not do (§2.2.2).
 */
export async function findExchangeSubject(
  deps: ExchangeSubjectDeps,
  ctx: TokenEndpointGrantContext,
): Promise<ExchangeSubject> {
  checkTypes(ctx)
  const subject = await findSubject(deps, ctx)
  await checkActor(deps, ctx)
  return subject
}

function checkTypes(ctx: TokenEndpointGrantContext): void {
  const { subject_token_type, actor_token, actor_token_type, requested_token_type } = parametersOf(ctx)
  if (!TOKEN_TYPES.includes(subject_token_type)) throw invalid('subject_token_type must name an access token')
  if ((actor_token ?? '') !== '' && !TOKEN_TYPES.includes(actor_token_type)) {
    throw invalid('actor_token_type must name an access token')
  }
  if (requested_token_type !== undefined && !TOKEN_TYPES.includes(requested_token_type)) {
    throw invalid('only access tokens can be asked for')
  }
}

/** One refusal for every token that will not do (RFC 8693 §2.2.2): whose it is, and why not, is not said. */
async function findSubject(deps: ExchangeSubjectDeps, ctx: TokenEndpointGrantContext): Promise<ExchangeSubject> {
  const refusal = invalid('the subject token is not one this client can exchange')
  const client = await deps.findClient(clientIdOf(ctx))
  const judgedAtMs = Date.now()
  const verdict = await deps.judgeToken(String(parametersOf(ctx).subject_token), {
    asker: 'token-exchange',
    objection: (token) => objectTo(token, client, deps.identifiersOf),
  })
  if (!client || !verdict.works) throw refusal
  const { token, account } = verdict
  const delegation = delegateTo(client.client_id, token, judgedAtMs)
  if (!account || isAgentAccount(account) || isAnonymousAccount(account) || !delegation) throw refusal
  const grantedAtMs = grantFacts(verdict.records.grant?.artifact)?.createdAtMs
  return { client, token, account, delegation: { ...delegation, grantedAtMs } }
}

function objectTo(
  token: FoundToken,
  client: ClientMetadata | undefined,
  identifiersOf: ExchangeSubjectDeps['identifiersOf'],
): Refusal | undefined {
  const { kind, accountId, exp } = token
  if (!client || !mayIntrospect(client, token, identifiersOf)) return 'caller-not-entitled'
  // The check of a JWT allows for clocks that differ; what is over is not traded for something that lives.
  if (exp <= Date.now() / 1000) return 'expired'
  const isCustomers = accountId !== undefined && (agentIdOf(accountId) ?? anonymousIdOf(accountId)) === undefined
  if (kind !== 'access-token' || !isCustomers) return 'wrong-kind'
  return objectToBearer(token) ?? (delegateTo(client.client_id, token) ? undefined : 'caller-not-entitled')
}

/** The client itself is who acts; an actor token may only say so once more. */
async function checkActor({ judgeToken }: ExchangeSubjectDeps, ctx: TokenEndpointGrantContext): Promise<void> {
  const { actor_token: value = '' } = parametersOf(ctx)
  if (value === '') return
  const { works } = await judgeToken(String(value), {
    asker: 'token-exchange',
    objection({ kind, clientId }) {
      if (clientId !== clientIdOf(ctx)) return 'caller-not-entitled'
      return kind === 'client-credentials' ? undefined : 'wrong-kind'
    },
  })
  if (!works) throw invalid('the actor token must be an access token of this client itself')
}

function invalid(description: string): Error {
  return new errors.InvalidRequest(description)
}
