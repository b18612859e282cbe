import { errors, type TokenEndpointGrantContext } from 'oidc-provider'
import type { ClientMetadata } from '../../clients/client.ts'
import type { CustomerAccount, FindLiveAccount } from '../accounts/account.ts'
import { isAgentAccount } from '../accounts/agent-account.ts'
import { isAnonymousAccount } from '../accounts/anonymous-account.ts'
import { type Delegation, delegateTo } from '../accounts/delegation.ts'
import { mayIntrospect } from '../tokens/introspection.ts'
import type { FindToken, LiveToken } from '../tokens/token-status.ts'

export const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
/** An access token may be called by its form as well (RFC 8693 §3). */
const TOKEN_TYPES: readonly unknown[] = [ACCESS_TOKEN, 'urn:ietf:params:oauth:token-type:jwt']

export type ExchangeSubjectDeps = {
  readonly findToken: FindToken
  readonly findLiveAccount: FindLiveAccount
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>
  readonly identifiersOf: (audience: string) => readonly string[]
}

/** What is traded, and for whom. */
export type ExchangeSubject = {
  readonly client: ClientMetadata
  readonly token: LiveToken
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
  const { subject_token_type, actor_token, actor_token_type, requested_token_type } = paramsOf(ctx)
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
  const { findToken, findLiveAccount, findClient, identifiersOf } = deps
  const refusal = invalid('the subject token is not one this client can exchange')
  const client = await findClient(clientIdOf(ctx))
  const status = await findToken(String(paramsOf(ctx).subject_token))
  if (!client || !status.isLive || !mayIntrospect(client, status.token, identifiersOf)) throw refusal
  const { token } = status
  const { kind, accountId, companyUserId, actingAgentId, iat } = token
  // Its own signature check allows for clocks that differ; what is over is not traded for something that lives.
  if (token.exp <= Date.now() / 1000 || !(await areEnabled(deps, token))) throw refusal
  const isBound = token.jkt !== undefined || token.certificateThumbprint !== undefined
  if (kind !== 'access-token' || accountId === undefined || isBound) throw refusal
  const account = await findLiveAccount(accountId, { companyUserId, actingAgentId, grantedAtMs: iat * 1000 })
  if (!account || isAgentAccount(account) || isAnonymousAccount(account)) throw refusal
  const delegation = delegateTo(client.client_id, token)
  if (!delegation) throw refusal
  return { client, token, account, delegation }
}

/** Whether the clients that hold the token, and whose sign-in it hangs from, are still served. */
async function areEnabled(
  { findClient }: ExchangeSubjectDeps,
  { clientId, grantClientId }: LiveToken,
): Promise<boolean> {
  const clients = await Promise.all([clientId, grantClientId ?? clientId].map(findClient))
  return clients.every((client) => client !== undefined)
}

/** Whoever acts is the client itself; an actor token may only say so once more. */
async function checkActor({ findToken }: ExchangeSubjectDeps, ctx: TokenEndpointGrantContext): Promise<void> {
  const { actor_token: value = '' } = paramsOf(ctx)
  if (value === '') return
  const status = await findToken(String(value))
  const isOwn = status.isLive && status.token.kind === 'client-credentials' && status.token.clientId === clientIdOf(ctx)
  if (!isOwn) throw invalid('the actor token must be an access token of this client itself')
}

function paramsOf(ctx: TokenEndpointGrantContext): Record<string, unknown> {
  return ctx.oidc.params as Record<string, unknown>
}

function clientIdOf(ctx: TokenEndpointGrantContext): string {
  return String(ctx.oidc.client?.clientId)
}

function invalid(description: string): Error {
  return new errors.InvalidRequest(description)
}
