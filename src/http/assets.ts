import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Context, Middleware } from 'koa'

/** A file that pages link to; its hash is part of its address. */
export type Asset = { readonly type: string; readonly content: Buffer; readonly hash: string }

const aYear = 'public, max-age=31536000, immutable'

/** Reads a file that pages link to, once; several files become one, in this order. */
export function readAsset(paths: readonly string[], type: string): Asset {
  const content = Buffer.concat(paths.map((path) => readFileSync(path)))
  return { type, content, hash: createHash('sha256').update(content).digest('base64url').slice(0, 16) }
}

/** Serves assets from memory: for a year under the address with their hash, else to be revalidated. */
export function serveAsset({ assets }: { readonly assets: Readonly<Record<string, Asset>> }): Middleware {
  return async function asset(ctx: Context, next) {
    const { name = '' } = ctx.params as { name?: string } // the router decodes them
    const found = Object.hasOwn(assets, name) ? assets[name] : undefined
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
