import type { Context } from 'koa'
import { type PagePolicy, setPageHeaders } from '../http/page-headers.ts'
import { queryLocales } from './page-languages.ts'
import type { PageName, PageViews } from './page-views.ts'
import type { Pages } from './pages.ts'

/** How a page is answered, besides what it shows. */
export type AnswerPageOptions = PagePolicy & {
  readonly status?: number
  /** The client's `ui_locales`; without them the query is asked, then the browser. */
  readonly uiLocales?: readonly string[]
}

/** Answers a request with a page. */
export type AnswerPage = <Name extends PageName>(
  ctx: Context,
  name: Name,
  view: PageViews[Name],
  options?: AnswerPageOptions,
) => void

/** Answers with a page in the person's language, under the headers that every page carries. */
export function createAnswerPage(pages: Pages): AnswerPage {
  return function answerPage(ctx, name, view, { status, uiLocales = queryLocales(ctx), ...policy } = {}) {
    const language = pages.chooseLanguage([...uiLocales, ...ctx.acceptsLanguages()])
    setPageHeaders(ctx, policy)
    ctx.set('Content-Language', language)
    if (status) ctx.status = status
    ctx.type = 'html'
    ctx.body = pages.render(name, view, language)
  }
}
