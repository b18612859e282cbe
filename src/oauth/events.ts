import type { Account, KoaContextWithOIDC, Provider } from 'oidc-provider'
import type { Audit } from '../audit/events.ts'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import type { CustomerAccount } from './account.ts'
import { agentAccountId, isAgentAccount } from './agent-account.ts'

type EventDeps = {
  readonly audit: Audit
  readonly log: Log
  readonly metrics: Pick<Metrics, 'tokensIssued' | 'tokenErrors'>
  /** A customer's own app refreshed its tokens from this address. */
  readonly notePlace: (customerId: string, ip: string) => void
}

/**
 * Hands the library's events on. They are emitted synchronously inside the request, and a listener that throws would
 * turn an issued token into a 500: listeners only note.
 */
export function listenToProvider(provider: Provider, { audit, log, metrics, notePlace }: EventDeps): void {
  provider.on('grant.success', (ctx: KoaContextWithOIDC) => {
    const grantType = String(ctx.oidc.params?.grant_type)
    metrics.tokensIssued.inc({ grant_type: grantType })
    audit({ type: 'token.issued', reason: grantType, ...facts(ctx) })
    const account = ctx.oidc.entities.Account as CustomerAccount | undefined // whatever findAccount made
    const isOwner = account?.customer !== undefined && account.actingAgentId === undefined
    if (isOwner && grantType === 'refresh_token') notePlace(account.accountId, ctx.ip)
  })
  provider.on('grant.error', (ctx: KoaContextWithOIDC, error) => {
    metrics.tokenErrors.inc({ error: error.error })
    log.debug(
      { requestId: ctx.state.requestId, error: error.error, detail: error.error_detail },
      'token request refused',
    )
  })
  provider.on('end_session.success', (ctx: KoaContextWithOIDC) => audit({ type: 'logout', ...facts(ctx) }))
  provider.on('server_error', (ctx: KoaContextWithOIDC, error) => {
    log.error({ requestId: ctx.state.requestId, err: error }, 'the request failed')
  })
}

function facts(ctx: KoaContextWithOIDC) {
  const { Account, Client, Grant } = ctx.oidc.entities
  return {
    ...(Account && whoseTokens(Account)),
    ...(Client && { clientId: Client.clientId }),
    ...(Grant?.jti && { grantId: Grant.jti }),
    ip: ctx.ip,
    requestId: ctx.state.requestId as string,
  }
}

function whoseTokens(account: Account): { customerId?: string; actor?: string } {
  if (isAgentAccount(account)) return { actor: account.accountId }
  const { actingAgentId } = account as CustomerAccount
  return { customerId: account.accountId, ...(actingAgentId && { actor: agentAccountId(actingAgentId) }) }
}
