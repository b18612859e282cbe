import type { Context } from 'koa'

/** In characters; a longer list of languages is cut. */
const MAX_LENGTH = 200

/** The languages a person is answered in: those the address asks for (`ui_locales`), then the browser's. */
export function wantedLanguages(ctx: Context): readonly string[] {
  return [...queryLocales(ctx), ...ctx.acceptsLanguages()]
}

/** The same address, asking for these languages, by default those this page was asked for in. */
export function keepLanguages(ctx: Context, path: string, uiLocales: readonly string[] = queryLocales(ctx)): string {
  if (uiLocales.length === 0) return path
  return `${path}${path.includes('?') ? '&' : '?'}${new URLSearchParams({ ui_locales: uiLocales.join(' ').slice(0, MAX_LENGTH) })}`
}

/** BCP 47 tags in the address of a page, best first. */
export function queryLocales(ctx: Context): string[] {
  const { ui_locales: uiLocales } = ctx.query
  return typeof uiLocales === 'string' ? uiLocales.slice(0, MAX_LENGTH).split(' ').filter(Boolean) : []
}
