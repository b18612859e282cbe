import { randomBytes } from 'node:crypto'
import type { Context } from 'koa'
import { type CookieHome, cookieName } from '../../http/cookie-names.ts'
import { seal, unseal } from '../../storage/seal.ts'
import type { Storage } from '../../storage/storage.ts'

/** The credential that an operator signed in with, and the name that pages show. */
export type SignedIn = { readonly credential: string; readonly name: string }

/** An operator's browser. */
export type ConsoleSession = SignedIn & { readonly id: string }

/** Sessions of the console. */
export type ConsoleSessions = {
  /** Starts a session under a new name, so that one planted before is worth nothing. */
  open(ctx: Context, signedIn: SignedIn): Promise<void>
  find(ctx: Context): Promise<ConsoleSession | undefined>
  /** Lengthens a session that is used. */
  extend(session: ConsoleSession): Promise<void>
  close(ctx: Context): Promise<void>
}

const KIND = 'ConsoleSession'
const COOKIE = 'vestibule.console'
const IDLE_SECONDS = 3600
const LONGEST_SECONDS = 12 * 3600

/** The cookie names the session and opens what storage keeps of it: neither a dump nor the server alone has both. */
export function createConsoleSessions(
  storage: Pick<Storage, 'put' | 'get' | 'extend' | 'remove'>,
  now: () => number = () => Date.now() / 1000,
): ConsoleSessions {
  return {
    async open(ctx, signedIn) {
      const id = randomBytes(32).toString('base64url')
      const artifact = { sealed: seal(id, KIND, JSON.stringify(signedIn)), startedAt: now() }
      await storage.put(KIND, id, artifact, IDLE_SECONDS)
      ctx.cookies.set(nameFor(ctx), id, cookieOptions(ctx))
    },
    async find(ctx) {
      const id = ctx.cookies.get(nameFor(ctx), { signed: false })
      const stored = id === undefined ? undefined : await storage.get(KIND, id)
      if (id === undefined || !stored) return undefined
      if (now() - Number(stored.artifact.startedAt) > LONGEST_SECONDS) return undefined
      const opened = unseal(id, KIND, String(stored.artifact.sealed))
      return opened === undefined ? undefined : { ...(JSON.parse(opened) as SignedIn), id } // written by this server
    },
    extend: ({ id }) => storage.extend(KIND, id, IDLE_SECONDS),
    async close(ctx) {
      const id = ctx.cookies.get(nameFor(ctx), { signed: false })
      if (id !== undefined) await storage.remove(KIND, id)
      ctx.cookies.set(nameFor(ctx), null, cookieOptions(ctx))
    },
  }
}

/** The listener itself speaks http; a TLS proxy before it says so. Believing it only makes cookies stricter. */
export function isHttps(ctx: Context): boolean {
  return ctx.get('X-Forwarded-Proto').split(',')[0]?.trim() === 'https'
}

/** Ports share cookies: on http only what is below /console/ gets it. `__Host-` demands the whole site. */
function home(ctx: Context): CookieHome {
  const isSecure = isHttps(ctx)
  return { isSecure, path: isSecure ? '/' : '/console' }
}

function nameFor(ctx: Context): string {
  return cookieName(COOKIE, home(ctx))
}

function cookieOptions(ctx: Context) {
  const { isSecure: secure, path } = home(ctx)
  return { httpOnly: true, sameSite: 'strict', secure, path, signed: false, overwrite: true } as const
}
