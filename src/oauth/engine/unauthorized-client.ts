import type { Middleware } from 'koa'
import type { KoaContextWithOIDC } from 'oidc-provider'
import { CIBA_GRANT } from '../../clients/security-profile.ts'

/** The grant type of requests that name none, by their path. */
const GRANT_TYPE_AT: Readonly<Record<string, string>> = { '/backchannel': CIBA_GRANT }

/**
 * A grant type the client may not use has an error code of its own (RFC 6749 §5.2, CIBA Core §13); the library says `invalid_request`.
 */
export function nameUnauthorizedClients(): Middleware {
  return async function nameUnauthorizedClient(ctx, next) {
    await next()
    // Absent when the library did not get that far.
    const { client, params } = (ctx as Partial<KoaContextWithOIDC>).oidc ?? {}
    const grantType = GRANT_TYPE_AT[ctx.path] ?? params?.grant_type
    const isOurs = ctx.path === '/token' || Object.hasOwn(GRANT_TYPE_AT, ctx.path)
    if (!isOurs || ctx.status !== 400 || !client || typeof grantType !== 'string') return
    // The library's error document.
    const answer = ctx.body as { error?: string }
    if (answer.error === 'invalid_request' && !client.grantTypeAllowed(grantType)) answer.error = 'unauthorized_client'
  }
}
