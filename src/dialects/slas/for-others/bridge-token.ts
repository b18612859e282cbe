import { createHmac, timingSafeEqual } from 'node:crypto'
import { objectOf, parseJson } from '../../json-body.ts'

/** A session of the storefront, as its server names it. */
export type BridgeToken = { readonly id: string; readonly login: string; readonly expiresAt: number }

/** A token goes from one server to another at once. */
const LONGEST_SECONDS = 300

/**
 * Reads a session token of the shop's own servers: a JWT of HS256 under the secret that both know, with `sub` (the login, or
 * `guest`), `aud` (the organization), `exp` at most five minutes ahead, and `jti`. Undefined for anything else.
 */
export function readBridgeToken(
  token: string,
  { secret, audience, nowSeconds }: { secret: string; audience: string; nowSeconds: number },
): BridgeToken | undefined {
  const [header = '', body = '', signature = '', ...rest] = token.split('.')
  if (rest.length > 0 || objectOf(parseJson(decode(header)))?.alg !== 'HS256') return undefined
  const right = createHmac('sha256', secret).update(`${header}.${body}`).digest()
  const given = Buffer.from(signature, 'base64url')
  if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined
  const { sub, aud, exp, jti } = objectOf(parseJson(decode(body))) ?? {}
  if (typeof sub !== 'string' || typeof jti !== 'string' || typeof exp !== 'number') return undefined
  const isNow = exp > nowSeconds && exp <= nowSeconds + LONGEST_SECONDS
  return isNow && aud === audience && jti !== '' ? { id: jti, login: sub, expiresAt: exp } : undefined
}

function decode(part: string): string {
  return Buffer.from(part, 'base64url').toString('utf8')
}
