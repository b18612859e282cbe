import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { extname } from 'node:path'
import type { Context, Middleware } from 'koa'

/** A file that pages link to; its hash is part of its address. `integrity` is its digest as browsers check it (SRI). */
export type Asset = {
  readonly type: string
  readonly content: Buffer
  readonly hash: string
  readonly integrity: string
}

const aYear = 'public, max-age=31536000, immutable'

const HASHED = /^(.+)\.([\w-]{16})(\.\w+)$/

/** Drawings may carry styles and nothing else, also where somebody opens one as a document. */
const DRAWING_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"

/** What pages link to, from memory. */
export function makeAsset(content: Buffer, type: string): Asset {
  const integrity = `sha384-${createHash('sha384').update(content).digest('base64')}`
  return { type, content, hash: createHash('sha256').update(content).digest('base64url').slice(0, 16), integrity }
}

/** Reads a file that pages link to, once; several files become one, in this order. */
export function readAsset(paths: readonly string[], type: string): Asset {
  return makeAsset(Buffer.concat(paths.map((path) => readFileSync(path))), type)
}

/** `style.css` with its hash: `style.HASH.css`. */
export function hashedName(name: string, { hash }: Pick<Asset, 'hash'>): string {
  const ending = extname(name)
  return `${name.slice(0, name.length - ending.length)}.${hash}${ending}`
}

/**
 * Serves assets from memory: for a year under the name with their hash. A page that was open before a change still asks
 * for the former hash: it gets what there is now, to be revalidated.
 */
export function serveAsset(find: (name: string) => Asset | undefined): Middleware {
  return async function asset(ctx: Context, next) {
    const { name = '' } = ctx.params as { name?: string } // the router decodes them
    const [, stem, hash, ending] = HASHED.exec(name) ?? []
    const found = find(stem === undefined ? name : `${stem}${ending}`)
    if (!found) return next()
    ctx.status = 200
    ctx.etag = found.hash
    ctx.set('Cache-Control', hash === found.hash ? aYear : 'no-cache')
    ctx.set('X-Content-Type-Options', 'nosniff')
    if (found.type.startsWith('image/svg')) ctx.set('Content-Security-Policy', DRAWING_POLICY)
    if (ctx.fresh) {
      ctx.status = 304
      return
    }
    ctx.type = found.type
    ctx.body = found.content
  }
}
