import type { Middleware } from 'koa'
import { type HeaderList, setHeaders } from '../../http/security-headers.ts'
import type { SigningKey } from '../../keys/signing-key.ts'

export type JwksDeps = {
  readonly keys: () => readonly SigningKey[]
  readonly etag: () => string
  /** How long verifiers may keep the set: less as a change of keys comes near. */
  readonly cacheSecondsAt: (now: number) => number
  readonly onFetched: (verifier: { verifier: string; address: string }) => void
}

type KeySetAnswer = { readonly etag: string; readonly headers: HeaderList; readonly body: string }

/** The key set as it is answered to one verifier, who is noted. */
export type AnswerKeySet = (verifier: { readonly userAgent: string | undefined; readonly address: string }) => {
  readonly etag: string
  readonly headers: HeaderList
  readonly body: string
}

/**
 * The key set (RFC 7517 §5), from memory: its bytes are made once per set. Who fetched it is noted, so that a key does not
 * sign before its verifiers could know it.
 */
export function createAnswerKeySet({ keys, etag, cacheSecondsAt, onFetched }: JwksDeps): AnswerKeySet {
  let known: { readonly of: readonly SigningKey[]; readonly at: number; readonly answer: KeySetAnswer } | undefined

  /** Worked out once a second and set: how long it may be kept depends on the time. */
  function current(): KeySetAnswer {
    const [of, at] = [keys(), Math.floor(Date.now() / 1000)]
    if (known?.of === of && known.at === at) return known.answer
    const [tag, before] = [etag(), known?.answer]
    const body = before?.etag === tag ? before.body : JSON.stringify({ keys: of.map(publicJwk) })
    const headers = [
      'Access-Control-Allow-Origin',
      '*',
      'Cache-Control',
      `public, max-age=${cacheSecondsAt(at)}`,
      'Content-Type',
      'application/jwk-set+json; charset=utf-8',
      'ETag',
      tag,
    ]
    known = { of, at, answer: { etag: tag, headers, body } }
    return known.answer
  }

  return function answerKeySet({ userAgent, address }) {
    onFetched({ verifier: userAgent || 'unnamed', address })
    return current()
  }
}

/** Serves it; an ETag makes asking again cheap. */
export function serveJwks(answerKeySet: AnswerKeySet): Middleware {
  return async function answerJwks(ctx, next) {
    if (ctx.path !== '/jwks' || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) return next()
    const { etag, headers, body } = answerKeySet({ userAgent: ctx.get('User-Agent'), address: ctx.ip })
    setHeaders(ctx, headers)
    if (isKnown(etag, ctx.get('If-None-Match'))) ctx.status = 304
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
