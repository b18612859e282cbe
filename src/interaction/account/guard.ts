import type { Context } from 'koa'
import { seeOther } from '../../http/see-other.ts'
import { accountSignIn } from '../../oauth/browser/account-client.ts'
import type { OwnSession } from '../../oauth/browser/own-sessions.ts'
import { keepLanguages, queryLocales } from '../page-languages.ts'

/** How old a sign-in may be when a sensitive form is sent. */
export const FRESH_SECONDS = 600
/** The same when it is opened, so that there is time to fill it in. */
const FRESH_TO_OPEN_SECONDS = 300

/** Who may go on, and where everybody else goes. */
export type Guard = {
  isFresh(session: Pick<OwnSession, 'authenticatedAt' | 'isByLink'>, at: 'opening' | 'sending'): boolean
  /** Sends the browser to sign in, and then to `path` below the issuer; `again` asks for it in any case. */
  signIn(ctx: Context, path: string, again?: { readonly login: string }): void
  /** Where a sign-in was to lead; the account itself where an address of ours cannot be read from it. */
  pathAfterSignIn(ctx: Context): string
}

/** A page of the account, what is kept for it, and its languages; nothing that leads elsewhere. */
const ACCOUNT_PATH =
  /^\/account(?:\/[a-z-]{1,40}){0,3}(?:\?(?:(?:kept=[\w-]{22}|id=[\w-]{1,64}|token=[\w-]{43})(?:&|$))?(?:ui_locales=[\w+%.-]{1,250})?)?$/
const FALLBACK = '/account'

export function createGuard({
  issuer,
  publicPath,
  now = () => Date.now(),
}: {
  readonly issuer: string
  readonly publicPath: string
  /** Epoch milliseconds. */
  readonly now?: () => number
}): Guard {
  return {
    isFresh({ authenticatedAt, isByLink }, at) {
      const seconds = at === 'opening' ? FRESH_TO_OPEN_SECONDS : FRESH_SECONDS
      return !isByLink && now() / 1000 - authenticatedAt <= seconds
    },
    signIn(ctx, path, again) {
      const asked = { path: keepLanguages(ctx, path), uiLocales: queryLocales(ctx), ...(again && { again }) }
      seeOther(ctx, `${publicPath}/authorize?${accountSignIn(issuer, asked)}`)
    },
    pathAfterSignIn(ctx) {
      const { state } = ctx.query
      return typeof state === 'string' && ACCOUNT_PATH.test(state) && !state.startsWith('/account/signed-in')
        ? state
        : FALLBACK
    },
  }
}
