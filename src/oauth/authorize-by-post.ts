import type { Middleware } from 'koa'
import { BodyError, readText } from '../http/read-body.ts'

const LIMIT_BYTES = 8 * 1024

/**
 * Authorization requests may come by POST (OIDC Core §3.1.2.1). The library would want cookies that are sent across
 * sites for that; a redirect to the same request by GET needs none, because browsers send Lax cookies along.
 */
export function authorizeByPost(): Middleware {
  return async function redirectToGet(ctx, next) {
    if (ctx.method !== 'POST' || ctx.path !== '/authorize') return next()
    if (!ctx.is('application/x-www-form-urlencoded')) {
      throw new BodyError(400, 'only application/x-www-form-urlencoded bodies are supported on POST /authorize')
    }
    const parameters = new URLSearchParams(await readText(ctx, { limitBytes: LIMIT_BYTES }))
    ctx.redirect(`/authorize?${parameters}`)
    ctx.status = 303
  }
}
