import { errors, type TokenEndpointGrantContext } from 'oidc-provider'
import {
  buildTokenResponse,
  checkDpopReplay,
  checkDpopRequired,
  checkMtlsCert,
  resolveRequestedResources,
  validateClientScope,
  validateDpop,
} from 'oidc-provider/lib/helpers/grants.js'
import type { ClientMetadata } from '../../clients/client.ts'
import type { CustomerAccount, FindLiveAccount } from '../account.ts'
import { isAgentAccount } from '../agent-account.ts'
import { isAnonymousAccount } from '../anonymous-account.ts'
import { type Delegation, delegateTo } from '../delegation.ts'
import type { GrantType } from '../grant-type.ts'
import { matchesAny, mayIntrospect } from '../introspection.ts'
import type { FindToken, LiveToken } from '../token-status.ts'

export const TOKEN_EXCHANGE_GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange'

const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
/** An access token may be called by its form as well (RFC 8693 §3). */
const TOKEN_TYPES: readonly unknown[] = [ACCESS_TOKEN, 'urn:ietf:params:oauth:token-type:jwt']

export type TokenExchangeDeps = {
  readonly findToken: FindToken
  readonly findLiveAccount: FindLiveAccount
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>
  readonly identifiersOf: (audience: string) => readonly string[]
}

/**
 * A service that received a customer's token asks for one that the next service accepts (RFC 8693). It takes a token
 * made for the service and gives no more than that token: the same customer, no other scopes, no longer life, dead
 * when the sign-in it came from is. The client is on record in it as who acts.
 */
export function tokenExchangeGrant(deps: TokenExchangeDeps): GrantType {
  return {
    name: TOKEN_EXCHANGE_GRANT,
    parameters: [
      'subject_token',
      'subject_token_type',
      'actor_token',
      'actor_token_type',
      'requested_token_type',
      'resource',
      'audience',
      'scope',
    ],
    async handle(ctx) {
      checkTypes(ctx)
      const { token, account, delegation } = await findSubject(deps, ctx)
      await checkActor(deps, ctx)
      await issueExchanged(ctx, { token, account: { ...account, delegation }, targets: await targetsOf(deps, ctx) })
    },
  }
}

type Subject = { readonly token: LiveToken; readonly account: CustomerAccount; readonly delegation: Delegation }

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
async function findSubject(deps: TokenExchangeDeps, ctx: TokenEndpointGrantContext): Promise<Subject> {
  const { findToken, findLiveAccount, findClient, identifiersOf } = deps
  const refusal = invalid('the subject token is not one this client can exchange')
  const client = await findClient(clientIdOf(ctx))
  const status = await findToken(String(paramsOf(ctx).subject_token))
  if (!client || !status.isLive || !mayIntrospect(client, status.token, identifiersOf)) throw refusal
  const { token } = status
  const { kind, accountId, companyUserId, actingAgentId, iat } = token
  const isBound = token.jkt !== undefined || token.certificateThumbprint !== undefined
  if (kind !== 'access-token' || accountId === undefined || isBound) throw refusal
  const account = await findLiveAccount(accountId, { companyUserId, actingAgentId, grantedAtMs: iat * 1000 })
  if (!account || isAgentAccount(account) || isAnonymousAccount(account)) throw refusal
  const delegation = delegateTo(client.client_id, token)
  if (!delegation) throw refusal
  return { token, account, delegation }
}

/** Whoever acts is the client itself; an actor token may only say so once more. */
async function checkActor({ findToken }: TokenExchangeDeps, ctx: TokenEndpointGrantContext): Promise<void> {
  const { actor_token: value = '' } = paramsOf(ctx)
  if (value === '') return
  const status = await findToken(String(value))
  const isOwn = status.isLive && status.token.kind === 'client-credentials' && status.token.clientId === clientIdOf(ctx)
  if (!isOwn) throw invalid('the actor token must be an access token of this client itself')
}

async function targetsOf({ findClient }: TokenExchangeDeps, ctx: TokenEndpointGrantContext): Promise<string[]> {
  return [...((await findClient(clientIdOf(ctx)))?.exchange_targets ?? [])]
}

async function issueExchanged(
  ctx: TokenEndpointGrantContext,
  { token: subject, account, targets }: { token: LiveToken; account: CustomerAccount; targets: readonly string[] },
): Promise<void> {
  const { provider, client } = ctx.oidc
  if (!client) throw new Error('tokens are issued to an authenticated client')
  const dPoP = await validateDpop(provider, ctx)
  const certificate = checkMtlsCert(provider, ctx)
  checkDpopRequired(provider, ctx, dPoP)
  const resourceServer = await findTarget(ctx, targets)
  const held = (subject.scope ?? '').split(' ').filter((scope) => resourceServer.scopes.has(scope))
  const scopes = narrow(ctx, held)
  await checkDpopReplay(provider, ctx, dPoP, client.clientId, errors.InvalidGrant)

  ctx.oidc.entity('Account', account)
  const accessToken = new provider.AccessToken({
    accountId: account.accountId,
    client,
    grantId: subject.grantId,
    gty: TOKEN_EXCHANGE_GRANT,
    scope: scopes.join(' '),
    resourceServer,
  } as never)
  const remaining = subject.exp - Math.floor(Date.now() / 1000)
  Object.assign(accessToken, { expiresIn: Math.max(1, Math.min(accessToken.expiration, remaining)) })
  if (certificate) accessToken.setThumbprint('x5t', certificate)
  if (dPoP) accessToken.setThumbprint('jkt', dPoP.thumbprint)
  ctx.oidc.entity('AccessToken', accessToken)
  ctx.body = buildTokenResponse(provider, {
    accessToken: await accessToken.save(),
    expiresIn: accessToken.expiration,
    issuedTokenType: ACCESS_TOKEN,
    scope: accessToken.scope || undefined,
    tokenType: accessToken.tokenType,
  })
}

/** The one resource server the new token is for: what the client may ask for, by `resource` or by `audience`. */
async function findTarget(ctx: TokenEndpointGrantContext, targets: readonly string[]) {
  const params = paramsOf(ctx)
  params.resource = params.resource || params.audience || undefined
  const isAmbiguous = (params.audience ?? params.resource) !== params.resource
  const [target, another] = await resolveRequestedResources(ctx.oidc.provider, ctx)
  if (!target || another || isAmbiguous) throw new errors.InvalidTarget('only one target can be asked for at a time')
  if (!matchesAny(targets, [target.identifier()])) {
    throw new errors.InvalidTarget('the client may not ask for this target: see its exchange_targets')
  }
  return target
}

function narrow(ctx: TokenEndpointGrantContext, held: readonly string[]): string[] {
  const { scope } = paramsOf(ctx)
  if (scope === undefined) return [...held]
  const requested = [...validateClientScope(ctx.oidc.provider, ctx)]
  const beyond = requested.filter((each) => !held.includes(each))
  if (beyond.length > 0) throw new errors.InvalidScope('the subject token does not have every scope', beyond.join(' '))
  return requested
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
