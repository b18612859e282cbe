import type { Context, Middleware } from 'koa'
import type { ClientMetadata } from '../../clients/client.ts'
import { allowsOrigin } from '../../oauth/clients/client-metadata.ts'

const PREFLIGHT_SECONDS = '3600'

/** Lets a browser ask; the answer itself says who may read it, because the client is known by its token only. */
export const answerPreflights: Middleware = async function answerPreflight(ctx, next) {
  const origin = ctx.get('Origin')
  const method = ctx.get('Access-Control-Request-Method')
  ctx.vary('Origin')
  if (ctx.method !== 'OPTIONS' || origin === '' || method === '') return next()
  ctx.status = 204
  ctx.set({
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Allow-Methods': 'GET, POST, PATCH, DELETE',
    'Access-Control-Allow-Headers': 'Authorization, Content-Type',
    'Access-Control-Max-Age': PREFLIGHT_SECONDS,
  })
}

/** Lets pages of the client's own origins read the answer. Never with credentials: nothing here looks at a cookie. */
export function shareWith(ctx: Context, client: ClientMetadata): void {
  const origin = ctx.get('Origin')
  if (origin === '' || !allowsOrigin(client, origin)) return
  ctx.set({
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Expose-Headers': 'WWW-Authenticate, Retry-After, X-Request-Id',
  })
}
