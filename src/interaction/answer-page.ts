import type { Context } from 'koa'
import { type PagePolicy, setPageHeaders } from '../http/page-headers.ts'
import { addressAfterSwitch } from './language/language-switch.ts'
import { wantedLanguages } from './page-languages.ts'
import type { PageName, PageViews } from './page-views.ts'
import type { Branded, Pages } from './pages.ts'
import { safeLink } from './safe-link.ts'

/** How a page is answered, besides what it shows. */
export type AnswerPageOptions = Omit<PagePolicy, 'script'> & {
  readonly status?: number
  /** Whether the page has the script, where its name does not say so. */
  readonly hasScript?: boolean
  /** The client's `ui_locales`; without them the query is asked, then the browser. */
  readonly uiLocales?: readonly string[]
}

/** Answers a request with a page. */
export type AnswerPage = <Name extends PageName>(
  ctx: Context,
  name: Name,
  view: PageViews[Name] & Branded,
  options?: AnswerPageOptions,
) => void

/** Pages on which a password is typed: the script can show it. */
const WITH_PASSWORDS: ReadonlySet<PageName> = new Set(['login', 'registration', 'new-password', 'link'])

/** Answers with a page in the person's language, under the headers that every page carries. */
export function createAnswerPage(pages: Pages): AnswerPage {
  return function answerPage(ctx, name, view, options = {}) {
    const { status, uiLocales, hasScript = WITH_PASSWORDS.has(name), ...policy } = options
    const images = [...(policy.images ?? []), ...ownLogo(view)]
    const language = pages.chooseLanguage(wantedLanguages(ctx, uiLocales))
    setPageHeaders(ctx, { ...policy, images, ...(hasScript && { script: pages.scriptIntegrity }) })
    ctx.set('Content-Language', language)
    if (status) ctx.status = status
    ctx.type = 'html'
    ctx.body = pages.render(name, view, language, addressAfterSwitch(ctx, pages.publicPath, options))
  }
}

/** The logo of one of the shop's own clients, which is in the place of the shop's. */
function ownLogo({ clientBrand }: Branded): string[] {
  const logo = clientBrand?.isFirstParty ? safeLink(clientBrand.logoUri) : undefined
  return logo === undefined ? [] : [logo]
}
