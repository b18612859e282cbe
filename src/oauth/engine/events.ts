import type { Account, KoaContextWithOIDC, Provider } from 'oidc-provider'
import type { Audit } from '../../audit/events.ts'
import { ShopServiceError } from '../../customers/sources/shop-failure.ts'
import { requestState } from '../../http/request-state.ts'
import { Unavailable } from '../../http/unavailable.ts'
import type { Log } from '../../log.ts'
import type { Metrics } from '../../metrics.ts'
import type { CustomerAccount } from '../accounts/account.ts'
import { agentAccountId, isAgentAccount } from '../accounts/agent-account.ts'
import { isAnonymousAccount } from '../accounts/anonymous-account.ts'
import { askedCompanyUser } from '../accounts/company-choice.ts'
import { reasonOfChoice } from '../accounts/switch-company.ts'
import { CHALLENGE_ERROR } from '../challenge/endpoint.ts'
import { clientIdOf } from '../library-values.ts'
import type { RefreshTokens } from '../refresh/refresh-tokens.ts'
import { issuedTokens } from '../tokens/issued-tokens.ts'
import type { NoteIssuance } from '../tokens/note-issuance.ts'

type EventDeps = {
  readonly audit: Audit
  readonly log: Log
  readonly metrics: Pick<Metrics, 'tokenRequests' | 'introspections'>
  readonly noteIssuance: NoteIssuance
  readonly refreshTokens: RefreshTokens
}

/**
 * Hands the library's events on. They are emitted synchronously inside the request, and a listener that throws would
 * turn an issued token into a 500: listeners only note.
 */
export function listenToProvider(
  provider: Provider,
  { audit, log, metrics, noteIssuance, refreshTokens }: EventDeps,
): void {
  provider.on('grant.success', (ctx: KoaContextWithOIDC) => {
    const { Account, Grant } = ctx.oidc.entities
    // Account linking also answers without tokens.
    if (typeof (ctx.body as { access_token?: unknown } | undefined)?.access_token !== 'string') return
    noteIssuance({
      grantType: String(ctx.oidc.params?.grant_type),
      clientId: clientIdOf(ctx),
      grantId: Grant?.jti,
      ...(Account && whoseTokens(Account)),
      ip: ctx.ip,
      requestId: requestState(ctx).requestId,
      records: () => issuedTokens(ctx, refreshTokens),
    })
  })
  provider.on('authorization.success', (ctx: KoaContextWithOIDC) => {
    const companyUserId = askedCompanyUser(ctx)
    if (companyUserId) audit({ type: 'company.chosen', ...facts(ctx), reason: reasonOfChoice(companyUserId) })
  })
  provider.on('grant.error', (ctx: KoaContextWithOIDC, error) => {
    const thrown: Error = error // also one of ours
    if (thrown instanceof ShopServiceError) requestState(ctx).isCustomerServiceAway = true
    metrics.tokenRequests.inc({ grant_type: knownGrantType(ctx), outcome: error.error ?? 'server_error' })
    log.debug(
      { requestId: requestState(ctx).requestId, error: error.error, detail: error.error_detail },
      'token request refused',
    )
  })
  provider.on('introspection.error', () => metrics.introspections.inc({ outcome: 'refused' }))
  for (const [event, endpoint] of CLIENT_ENDPOINTS) {
    const name = event as 'grant.error' // the types list each event apart; their listeners are alike
    provider.on(name, (ctx: KoaContextWithOIDC, error) => {
      if (error.error === 'invalid_client' && ctx.oidc?.client) {
        audit({ type: 'client.refused', reason: endpoint, ...facts(ctx) })
      }
    })
  }
  for (const event of [...CLIENT_ENDPOINTS.map(([name]) => name), ...OTHER_ENDPOINTS]) {
    const name = event as 'grant.error' // as above
    provider.on(name, (ctx: KoaContextWithOIDC, error) => {
      const thrown: Error = error // also one of ours
      // The client is told 503; the shop's service has its line already.
      if (thrown instanceof Unavailable && !(thrown instanceof ShopServiceError))
        log.error({ event: 'request.failed', requestId: requestState(ctx).requestId, err: thrown })
    })
  }
  provider.on('backchannel.error', (ctx: KoaContextWithOIDC, error, { clientId }) => {
    log.error({ event: 'back-channel.not-queued', clientId, requestId: requestState(ctx).requestId, err: error })
  })
  provider.on('server_error', (ctx: KoaContextWithOIDC, error) => {
    log.error({ event: 'request.failed', requestId: requestState(ctx).requestId, err: error })
  })
}

/** Where clients prove who they are. */
const CLIENT_ENDPOINTS = [
  ['grant.error', 'token'],
  ['introspection.error', 'introspection'],
  ['revocation.error', 'revocation'],
  ['pushed_authorization_request.error', 'pushed authorization request'],
  ['device_authorization.error', 'device authorization'],
  ['backchannel_authentication.error', 'backchannel authentication'],
  [CHALLENGE_ERROR, 'authorization challenge'],
  ['mandate.error', 'purchase mandates'],
] as const

/** Where nobody but the browser, or the bearer of a token, proves anything. */
const OTHER_ENDPOINTS = [
  'authorization.error',
  'userinfo.error',
  'jwks.error',
  'discovery.error',
  'end_session.error',
  'end_session_confirm.error',
  'end_session_success.error',
  'code_verification.error',
  'device_resume.error',
]

/** Text from a request must not become a metric label. */
function knownGrantType(ctx: KoaContextWithOIDC): string {
  const grantType = String(ctx.oidc?.params?.grant_type)
  return ctx.oidc?.client?.grantTypeAllowed(grantType) ? grantType : 'other'
}

function facts(ctx: KoaContextWithOIDC) {
  const { Account, Client, Grant } = ctx.oidc.entities
  return {
    ...(Account && whoseTokens(Account)),
    ...(Client && { clientId: Client.clientId }),
    ...(Grant?.jti && { grantId: Grant.jti }),
    ip: ctx.ip,
    requestId: requestState(ctx).requestId,
  }
}

function whoseTokens(account: Account): { customerId?: string; actor?: string } {
  if (isAgentAccount(account) || isAnonymousAccount(account)) return { actor: account.accountId }
  // Others have no such member.
  const { actingAgentId } = account as CustomerAccount
  return { customerId: account.accountId, ...(actingAgentId && { actor: agentAccountId(actingAgentId) }) }
}
