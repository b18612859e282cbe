import type { Context } from 'koa'
import { cookieHome, cookieName, pageCookie } from '../http/cookie-names.ts'
import { seeOther } from '../http/see-other.ts'
import { keepLanguages } from './page-languages.ts'

/** What the login page says to a customer who returns to it. */
export const NOTICES = ['password-changed', 'unblocked', 'confirmed', 'email-restored'] as const
export type Notice = (typeof NOTICES)[number]

/** Remembers which sign-in a person left for a page of ours, so that they end where they began. */
export type WayBack = {
  remember(ctx: Context, uid: string | undefined): void
  /** Leads back to the sign-in they left, or to a page that says it is done. */
  follow(ctx: Context, notice: Notice): void
  /** Where the login page is, for a "back" link; undefined when they came from none. */
  path(ctx: Context): string | undefined
  /** The same for an interaction that was named just now. */
  pathTo(uid: string): string | undefined
}

/** As long as an interaction. */
const MAX_AGE_MS = 3_600_000
const UID = /^[\w-]{1,64}$/

/** A cookie with the interaction's id: no address, so that it cannot lead to another site. */
export function createWayBack({
  issuer,
  publicPath,
}: {
  readonly issuer: string
  readonly publicPath: string
}): WayBack {
  const home = cookieHome(issuer)
  const name = cookieName('vestibule.back', home)
  const options = pageCookie(home)

  function read(ctx: Context): string | undefined {
    const uid = ctx.cookies.get(name, { signed: false })
    return uid && UID.test(uid) ? uid : undefined
  }

  return {
    remember(ctx, uid) {
      if (uid !== undefined && UID.test(uid)) ctx.cookies.set(name, uid, { ...options, maxAge: MAX_AGE_MS })
    },
    follow(ctx, notice) {
      const uid = read(ctx)
      if (uid !== undefined) ctx.cookies.set(name, null, options)
      const path = uid === undefined ? donePath(notice) : `/interaction/${uid}?notice=${notice}`
      seeOther(ctx, keepLanguages(ctx, publicPath + path))
    },
    path(ctx) {
      const uid = read(ctx)
      return uid && `${publicPath}/interaction/${uid}`
    },
    pathTo: (uid) => (UID.test(uid) ? `${publicPath}/interaction/${uid}` : undefined),
  }
}

/** A notice that an address asks for; it can only be one of ours. */
export function readNotice(ctx: Context): Notice | undefined {
  return NOTICES.find((notice) => notice === ctx.query.notice)
}

/** The page for those who are done and have no sign-in to go back to. */
export function donePath(notice: Notice): string {
  return `/done/${notice}`
}
