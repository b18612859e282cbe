import type { Context, Middleware } from 'koa'
import type { Pages } from './pages.ts'

const aYear = 'public, max-age=31536000, immutable'

/** Serves the stylesheet and the icon from memory: for a year under the address with their hash, else to be revalidated. */
export function serveAsset({ assets }: Pages): Middleware {
  return async function asset(ctx: Context, next) {
    const { name = '' } = ctx.params as { name?: string }
    const found = Object.hasOwn(assets, name) ? assets[name as keyof typeof assets] : undefined
    if (!found) return next()
    ctx.status = 200
    ctx.etag = found.hash
    ctx.set('Cache-Control', ctx.query.v === found.hash ? aYear : 'no-cache')
    ctx.set('X-Content-Type-Options', 'nosniff')
    if (ctx.fresh) {
      ctx.status = 304
      return
    }
    ctx.type = found.type
    ctx.body = found.content
  }
}
