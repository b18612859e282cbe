import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Context } from 'koa'
import { cookieName } from './cookie-names.ts'
import { requestState } from './request-state.ts'

/** Tokens that tell our own forms from foreign ones. */
export type FormTokens = {
  /** The token for a form of this name; sets the cookie it belongs to. */
  issue(ctx: Context, name: string): string
  /** Whether the form was filled in on our page, under this name, in this browser. */
  isGenuine(ctx: Context, name: string, token: string | undefined): boolean
}

type FormTokenDeps = {
  /** HMAC keys, newest first; all of them are accepted. */
  readonly keys: readonly [string, ...string[]]
  readonly cookie: { readonly name: string; readonly sameSite: 'lax' | 'strict'; readonly path: string }
  readonly isSecure: (ctx: Context) => boolean
  /** Whether an `Origin` is that of our own pages. */
  readonly isOurs: (ctx: Context, origin: string) => boolean
}

/**
 * Signed double-submit tokens (RFC 9700 §4.7): the form carries an HMAC over its name and a random cookie, so neither a
 * foreign form nor a cookie tossed in by another subdomain is enough. Origin and Sec-Fetch-Site must agree.
 */
export function createFormTokens({ keys, cookie, isSecure, isOurs }: FormTokenDeps): FormTokens {
  const nameFor = (ctx: Context) => cookieName(cookie.name, { isSecure: isSecure(ctx), path: cookie.path })

  function readCookie(ctx: Context): string | undefined {
    const value = ctx.cookies.get(nameFor(ctx), { signed: false })
    return value && /^[\w-]{43}$/.test(value) ? value : undefined
  }

  return {
    issue(ctx, name) {
      const secret = readCookie(ctx) ?? newSecret(ctx)
      ctx.cookies.set(nameFor(ctx), secret, {
        httpOnly: true,
        sameSite: cookie.sameSite,
        secure: isSecure(ctx),
        path: cookie.path,
        signed: false,
        overwrite: true,
      })
      return sign(keys[0], name, secret).toString('base64url')
    },

    isGenuine(ctx, name, token) {
      const secret = readCookie(ctx)
      if (!secret || !token || !isSameOrigin(ctx, isOurs)) return false
      const presented = Buffer.from(token, 'base64url')
      return keys.some((key) => {
        const expected = sign(key, name, secret)
        return presented.length === expected.length && timingSafeEqual(presented, expected)
      })
    },
  }
}

/** Two forms on one page share their cookie. */
function newSecret(ctx: Context): string {
  const state = requestState(ctx)
  state.formSecret ??= randomBytes(32).toString('base64url')
  return state.formSecret
}

function sign(key: string, name: string, secret: string): Buffer {
  return createHmac('sha256', key).update(`form\n${name}\n${secret}`).digest()
}

/** Browsers say where a request comes from; a caller that says nothing is no browser and has the token to get right. */
function isSameOrigin(ctx: Context, isOurs: FormTokenDeps['isOurs']): boolean {
  const site = ctx.get('Sec-Fetch-Site')
  const from = ctx.get('Origin')
  if (site && site !== 'same-origin' && site !== 'none') return false
  if (from === 'null') return site === 'same-origin'
  return !from || isOurs(ctx, from)
}
