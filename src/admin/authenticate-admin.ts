import { hash, timingSafeEqual } from 'node:crypto'
import type { Middleware } from 'koa'
import { Problem } from './problem.ts'

/** Lets in who presents one of the admin tokens as a bearer; compared by digest, in constant time. */
export function authenticateAdmin(tokens: readonly string[]): Middleware {
  const digests = tokens.map(digest)
  const isKnown = (presented: Buffer) =>
    digests.map((expected) => timingSafeEqual(presented, expected)).some((isSame) => isSame)

  return async function requireAdminToken(ctx, next) {
    const [scheme = '', presented = ''] = ctx.get('Authorization').split(' ')
    if (scheme.toLowerCase() !== 'bearer' || !isKnown(digest(presented))) {
      throw new Problem(401, 'not-signed-in', 'Send the admin token as "Authorization: Bearer …".')
    }
    await next()
  }
}

function digest(value: string): Buffer {
  return hash('sha256', value, 'buffer')
}
