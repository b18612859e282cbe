import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Context } from 'koa'
import { createRecent } from '../../cache.ts'
import { type HeaderList, setHeaders } from '../../http/security-headers.ts'

/** A signed document that everybody may read, and caches may keep. */
export type ForAnybody = {
  readonly body: string
  readonly contentType: string
  readonly etag: string
  /** Epoch seconds. */
  readonly signedAt: number
  /** Whether a copy with this tag that somebody has is certainly good for longer: only then is it confirmed by a 304. */
  readonly mayBeUnchanged: boolean
  /** 0: caches keep nothing. */
  readonly cacheSeconds: number
}

/** Below it, packing saves nothing. */
const PACKED_FROM_BYTES = 1400
/** Packed bodies, by the text they are of: large ones are few, and each is asked for again and again. */
const MOST_PACKED = 32
const packed = createRecent<Promise<Buffer>>(MOST_PACKED)

/**
 * Answers with it; 304 where the asker has the same. A cache that says how old its copy is (If-Modified-Since beside If-None-Match) gets the
 * newly signed one even where nothing new ended: what it keeps must not be over.
 */
export async function answerForAnybody(ctx: Context, document: ForAnybody): Promise<void> {
  const { body, contentType } = document
  setHeaders(ctx, headersForAnybody(document))
  if (hasSame(ctx, document)) {
    ctx.status = 304
    return
  }
  ctx.set('Content-Type', contentType)
  if (!isPacked(body) || ctx.acceptsEncodings('gzip', 'identity') !== 'gzip') {
    ctx.body = body
    return
  }
  ctx.set('Content-Encoding', 'gzip')
  ctx.body = await pack(body)
  ctx.set('Content-Type', contentType)
}

/** Headers of the document that do not depend on who asks. */
export function headersForAnybody({ etag, signedAt, cacheSeconds }: ForAnybody): HeaderList {
  return [
    'Access-Control-Allow-Origin',
    '*',
    'Access-Control-Expose-Headers',
    'ETag',
    'Cache-Control',
    cacheSeconds > 0 ? `public, max-age=${cacheSeconds}` : 'no-store',
    'ETag',
    etag,
    'Last-Modified',
    new Date(signedAt * 1000).toUTCString(),
    'Vary',
    'Accept-Encoding',
  ]
}

/** Whether a body is packed for those who take it so. */
export function isPacked(body: string): boolean {
  return body.length >= PACKED_FROM_BYTES
}

/** Lets scripts of other origins ask with the headers that make asking again cheap. */
export function answerPreflight(ctx: Context): void {
  ctx.status = 204
  ctx.set('Allow', 'GET, HEAD, OPTIONS')
  ctx.set('Access-Control-Allow-Origin', '*')
  ctx.set('Access-Control-Allow-Methods', 'GET, HEAD')
  ctx.set('Access-Control-Allow-Headers', 'Accept, If-None-Match, If-Modified-Since, Cache-Control')
  ctx.set('Access-Control-Max-Age', '86400')
}

/** RFC 9110 §13.1.2, weakly compared. */
function hasSame(ctx: Context, { etag, signedAt, mayBeUnchanged }: ForAnybody): boolean {
  if (!mayBeUnchanged) return false
  const known = ctx.get('If-None-Match').split(',')
  if (!known.some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag)) return false
  const sinceMs = Date.parse(ctx.get('If-Modified-Since'))
  return Number.isNaN(sinceMs) || signedAt * 1000 <= sinceMs
}

function pack(body: string): Promise<Buffer> {
  const known = packed.get(body)
  if (known) return known
  const made = promisify(gzip)(body)
  packed.set(body, made)
  return made
}
