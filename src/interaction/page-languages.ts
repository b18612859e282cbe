import type { Context } from 'koa'
import { type CookieHome, cookieName, pageCookie } from '../http/cookie-names.ts'

/** In characters; a longer list of languages is cut. */
const MAX_LENGTH = 200

/** What the cookie of a chosen language is called, before its prefix. */
const COOKIE = 'vestibule.language'
/** A language is no secret: it is read under each name that the cookie may have. */
const HOMES: readonly CookieHome[] = [
  { isSecure: true, path: '/' },
  { isSecure: true, path: '/below' },
  { isSecure: false, path: '/' },
]
const NAMES = HOMES.map((home) => cookieName(COOKIE, home))
const TAG = /^[a-z]{2,8}(-[a-z0-9]{1,8}){0,3}$/
/** The longest that browsers keep a cookie. */
const MAX_AGE_MS = 400 * 86_400_000

/**
 * The languages a person is answered in: the one they chose on a page, then `first`, then those the address asks for
 * (`ui_locales`), then the browser's. On the account pages the customer's own language comes between the last two.
 */
export function wantedLanguages(ctx: Context, first: readonly string[] = []): readonly string[] {
  return [...chosenLanguage(ctx), ...first, ...queryLocales(ctx), ...ctx.acceptsLanguages()]
}

/** Keeps a chosen language in the browser. */
export function chooseLanguage(ctx: Context, tag: string, home: CookieHome): void {
  ctx.cookies.set(cookieName(COOKIE, home), tag, { ...pageCookie(home), maxAge: MAX_AGE_MS })
}

function chosenLanguage(ctx: Context): string[] {
  const values = NAMES.map((name) => ctx.cookies.get(name, { signed: false }) ?? '')
  return values.filter((value) => TAG.test(value)).slice(0, 1)
}

/** The same address, asking for these languages, by default those this page was asked for in. */
export function keepLanguages(ctx: Context, path: string, uiLocales: readonly string[] = queryLocales(ctx)): string {
  if (uiLocales.length === 0) return path
  return `${path}${path.includes('?') ? '&' : '?'}${new URLSearchParams({ ui_locales: uiLocales.join(' ').slice(0, MAX_LENGTH) })}`
}

/** BCP 47 tags in the address of a page, best first; Google has a name of its own for them. */
export function queryLocales(ctx: Context): string[] {
  const { user_locale: userLocale, ui_locales: uiLocales = userLocale } = ctx.query
  return typeof uiLocales === 'string' ? uiLocales.slice(0, MAX_LENGTH).split(' ').filter(Boolean) : []
}
