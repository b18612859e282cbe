import { hash, timingSafeEqual } from 'node:crypto'
import type { Middleware } from 'koa'
import { Problem } from './problem.ts'

/** Lets in who presents the admin token as a bearer; compared by digest, in constant time. */
export function authenticateAdmin(token: string): Middleware {
  const expected = digest(token)
  return async function requireAdminToken(ctx, next) {
    const [scheme = '', presented = ''] = ctx.get('Authorization').split(' ')
    if (scheme.toLowerCase() !== 'bearer' || !timingSafeEqual(digest(presented), expected)) {
      throw new Problem(401, 'not-signed-in', 'Send the admin token as "Authorization: Bearer …".')
    }
    await next()
  }
}

function digest(value: string): Buffer {
  return hash('sha256', value, 'buffer')
}
