import type { Middleware } from 'koa'
import type { KoaContextWithOIDC } from 'oidc-provider'

/** A grant type the client may not use has an error code of its own (RFC 6749 §5.2); the library says `invalid_request`. */
export function nameUnauthorizedClients(): Middleware {
  return async function nameUnauthorizedClient(ctx, next) {
    await next()
    // Absent when the library did not get that far.
    const { client, params } = (ctx as Partial<KoaContextWithOIDC>).oidc ?? {}
    const grantType = params?.grant_type
    if (ctx.path !== '/token' || ctx.status !== 400 || !client || typeof grantType !== 'string') return
    // The library's error document.
    const answer = ctx.body as { error?: string }
    if (answer.error === 'invalid_request' && !client.grantTypeAllowed(grantType)) answer.error = 'unauthorized_client'
  }
}
