import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Context } from 'koa'
import { normalizeEmail } from '../credentials/email.ts'
import { cookieHome, cookieName, pageCookie } from '../http/cookie-names.ts'

/** The mark by which a browser is known again to the accounts that signed in on it. */
export type DeviceCookie = {
  /** The id of this browser for one account; undefined without a cookie of ours. */
  idFor(ctx: Context, login: string): string | undefined
  /** The same, marking the browser first if it has no mark. Only after the customer proved who they are. */
  mark(ctx: Context, login: string): string
}

type DeviceCookieDeps = {
  /** HMAC keys, newest first; all of them are accepted. */
  readonly keys: readonly [string, ...string[]]
  readonly issuer: string
}

/** The longest that browsers keep a cookie. */
const MAX_AGE_MS = 400 * 86_400_000

/**
 * A signed random cookie, and ids made of it and the login: two accounts that share a browser have ids that cannot
 * be connected, and an id that was not made here belongs to no account.
 */
export function createDeviceCookie({ keys, issuer }: DeviceCookieDeps): DeviceCookie {
  const home = cookieHome(issuer)
  const name = cookieName('vestibule.device', home)

  function read(ctx: Context): string | undefined {
    const [, secret, signature] =
      /^([\w-]{43})\.([\w-]{43})$/.exec(ctx.cookies.get(name, { signed: false }) ?? '') ?? []
    if (secret === undefined || signature === undefined) return undefined
    const presented = Buffer.from(signature, 'base64url')
    return keys.some((key) => timingSafeEqual(presented, sign(key, secret))) ? secret : undefined
  }

  return {
    idFor(ctx, login) {
      const secret = read(ctx)
      return secret && deviceId(secret, login)
    },
    mark(ctx, login) {
      const secret = read(ctx) ?? randomBytes(32).toString('base64url')
      const value = `${secret}.${sign(keys[0], secret).toString('base64url')}`
      ctx.cookies.set(name, value, { ...pageCookie(home), maxAge: MAX_AGE_MS })
      return deviceId(secret, login)
    },
  }
}

function sign(key: string, secret: string): Buffer {
  return createHmac('sha256', key).update(`device\n${secret}`).digest()
}

function deviceId(secret: string, login: string): string {
  return createHmac('sha256', secret).update(normalizeEmail(login)).digest('base64url')
}
