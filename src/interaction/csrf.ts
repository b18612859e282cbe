import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Context } from 'koa'

/** Tokens that tell our own forms from foreign ones. */
export type Csrf = {
  /** The token for a form of this interaction; sets the cookie it belongs to. */
  issue(ctx: Context, uid: string): string
  /** Whether the form was filled in on our page, for this interaction, in this browser. */
  isGenuine(ctx: Context, uid: string, token: string | undefined): boolean
}

type CsrfDeps = {
  /** HMAC keys, newest first; all of them are accepted. */
  readonly keys: readonly [string, ...string[]]
  readonly issuer: string
}

/**
 * Signed double-submit tokens (RFC 9700 §4.7): the form carries an HMAC over the interaction and a random cookie, so
 * neither a foreign form nor a cookie tossed in by another subdomain is enough. Origin and Sec-Fetch-Site must agree.
 */
export function createCsrf({ keys, issuer }: CsrfDeps): Csrf {
  const { origin, protocol } = new URL(issuer)
  const isSecure = protocol === 'https:'
  const cookieName = isSecure ? '__Host-vestibule.form' : 'vestibule.form'

  function readCookie(ctx: Context): string | undefined {
    const value = ctx.cookies.get(cookieName, { signed: false })
    return value && /^[\w-]{43}$/.test(value) ? value : undefined
  }

  return {
    issue(ctx, uid) {
      const secret = readCookie(ctx) ?? newSecret(ctx)
      ctx.cookies.set(cookieName, secret, {
        httpOnly: true,
        sameSite: 'lax',
        secure: isSecure,
        path: '/',
        signed: false,
        overwrite: true,
      })
      return sign(keys[0], uid, secret).toString('base64url')
    },

    isGenuine(ctx, uid, token) {
      const secret = readCookie(ctx)
      if (!secret || !token || !isSameOrigin(ctx, origin)) return false
      const presented = Buffer.from(token, 'base64url')
      return keys.some((key) => {
        const expected = sign(key, uid, secret)
        return presented.length === expected.length && timingSafeEqual(presented, expected)
      })
    },
  }
}

/** Two forms on one page share their cookie. */
function newSecret(ctx: Context): string {
  const state = ctx.state as { formSecret?: string }
  state.formSecret ??= randomBytes(32).toString('base64url')
  return state.formSecret
}

function sign(key: string, uid: string, secret: string): Buffer {
  return createHmac('sha256', key).update(`form\n${uid}\n${secret}`).digest()
}

/** Browsers say where a request comes from; a caller that says nothing is no browser and has the token to get right. */
function isSameOrigin(ctx: Context, issuerOrigin: string): boolean {
  const site = ctx.get('Sec-Fetch-Site')
  const from = ctx.get('Origin')
  if (site && site !== 'same-origin' && site !== 'none') return false
  if (from === 'null') return site === 'same-origin'
  return !from || from === issuerOrigin
}
