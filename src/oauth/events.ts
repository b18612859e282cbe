import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import type { Audit } from '../audit/events.ts'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'

type EventDeps = {
  readonly audit: Audit
  readonly log: Log
  readonly metrics: Pick<Metrics, 'tokensIssued' | 'tokenErrors'>
}

/**
 * Hands the library's events on. They are emitted synchronously inside the request, and a listener that throws would
 * turn an issued token into a 500: listeners only note.
 */
export function listenToProvider(provider: Provider, { audit, log, metrics }: EventDeps): void {
  provider.on('grant.success', (ctx: KoaContextWithOIDC) => {
    const grantType = String(ctx.oidc.params?.grant_type)
    metrics.tokensIssued.inc({ grant_type: grantType })
    audit({ type: 'token.issued', reason: grantType, ...facts(ctx) })
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
    ...(Account && { customerId: Account.accountId }),
    ...(Client && { clientId: Client.clientId }),
    ...(Grant?.jti && { grantId: Grant.jti }),
    ip: ctx.ip,
    requestId: ctx.state.requestId as string,
  }
}
