import { BodyError, readText } from '../../http/read-body.ts'
import { askedPath } from '../../http/routing/issuer-path.ts'
import { type Routes, routesOf } from '../../http/routing/other-methods.ts'

const LIMIT_BYTES = 8 * 1024
const PATHS = ['/authorize', '/logout']

/**
 * Requests to sign in or out may come by POST (OIDC Core §3.1.2.1, RP-Initiated Logout §2). The library would want
 * cookies that are sent across sites for that; a redirect to the same request by GET needs none, because browsers send
 * Lax cookies along.
 */
export function requestsByPost(): Routes {
  return routesOf(
    async function redirectToGet(ctx, next) {
      if (ctx.method !== 'POST' || !PATHS.includes(ctx.path)) return next()
      if (!ctx.is('application/x-www-form-urlencoded')) {
        throw new BodyError(400, `only application/x-www-form-urlencoded bodies are supported on POST ${ctx.path}`)
      }
      const parameters = new URLSearchParams(await readText(ctx, { limitBytes: LIMIT_BYTES }))
      ctx.redirect(`${askedPath(ctx)}?${parameters}`)
      ctx.status = 303
    },
    ({ path }) => (PATHS.includes(path) ? ['POST'] : []),
  )
}
