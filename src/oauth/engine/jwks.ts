import type { Middleware } from 'koa'
import type { SigningKey } from '../../keys/signing-key.ts'

export type JwksDeps = {
  readonly keys: () => readonly SigningKey[]
  readonly etag: () => string
  /** How long verifiers may keep the set: less as a change of keys comes near. */
  readonly cacheSecondsAt: (now: number) => number
  readonly onFetched: (verifier: { verifier: string; address: string }) => void
}

/**
 * The key set (RFC 7517 §5), served from memory: its bytes are made once per set, and an ETag makes asking again cheap.
 * Who fetched it is noted, so that a key does not sign before its verifiers could know it.
 */
export function serveJwks({ keys, etag, cacheSecondsAt, onFetched }: JwksDeps): Middleware {
  let known: { etag: string; body: string } | undefined

  function current(): { etag: string; body: string } {
    const tag = etag()
    if (known?.etag !== tag) known = { etag: tag, body: JSON.stringify({ keys: keys().map(publicJwk) }) }
    return known
  }

  return async function answerJwks(ctx, next) {
    if (ctx.path !== '/jwks' || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) return next()
    const { etag: tag, body } = current()
    onFetched({ verifier: ctx.get('User-Agent') || 'unnamed', address: ctx.ip })
    ctx.set({
      'Access-Control-Allow-Origin': '*',
      'Cache-Control': `public, max-age=${cacheSecondsAt(Math.floor(Date.now() / 1000))}`,
      'Content-Type': 'application/jwk-set+json; charset=utf-8',
      ETag: tag,
    })
    if (isKnown(tag, ctx.get('If-None-Match'))) ctx.status = 304
    else ctx.body = body
  }
}

/**
 * RFC 9110 §13.1.2, weakly compared. Not `ctx.fresh`, which sends the whole set to clients that say `no-cache` as well: that asks
 * for a look at the origin, which is here, and Node's fetch says it with each If-None-Match.
 */
function isKnown(tag: string, ifNoneMatch: string): boolean {
  return ifNoneMatch.split(',').some((known) => known.trim() === '*' || known.trim() === tag)
}

/** A key as it is published. */
export function publicJwk({ kid, algorithm, publicKey }: SigningKey): object {
  return { ...publicKey.export({ format: 'jwk' }), kid, alg: algorithm, use: 'sig' }
}
