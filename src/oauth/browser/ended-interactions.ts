import type { Context } from 'koa'
import { cookieHome, cookieName, pageCookie } from '../../http/cookie-names.ts'
import { LIFETIMES } from '../tokens/lifetimes.ts'

/** Who began the interaction at an address, also when the interaction is gone. */
export type EndedInteractions = {
  remember(ctx: Context, uid: string, clientId: string): void
  /** The id of a client; a browser may send any text. */
  clientIdAt(ctx: Context): string | undefined
}

/** Longer than an interaction: one that ran out is remembered, too. */
const MAX_AGE_MS = 2 * LIFETIMES.interaction * 1000

/**
 * Remembers it in a cookie below the interaction's own path, so that somebody who goes back there after the sign-in is led
 * on to the client. The cookie is not signed: it names a client, whose address comes from the registry.
 */
export function createEndedInteractions(issuer: string): EndedInteractions {
  const home = cookieHome(issuer)
  const base = `${home.path === '/' ? '' : home.path}/interaction`
  const name = cookieName('vestibule.client', { ...home, path: base })
  return {
    remember(ctx, uid, clientId) {
      const value = Buffer.from(clientId).toString('base64url')
      ctx.cookies.set(name, value, { ...pageCookie(home), path: `${base}/${uid}`, maxAge: MAX_AGE_MS })
    },
    clientIdAt(ctx) {
      const value = ctx.cookies.get(name, { signed: false })
      return value ? Buffer.from(value, 'base64url').toString() : undefined
    },
  }
}
