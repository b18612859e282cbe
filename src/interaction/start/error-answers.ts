import type { AnswerError } from '../../http/answer-error.ts'
import { requestState } from '../../http/request-state.ts'
import { createAnswerPage } from '../answer-page.ts'
import type { Pages } from '../pages.ts'
import { wantsPage } from './wants-page.ts'

/** Answers browsers with a page where programs get JSON: unknown addresses, methods that are not there, failures. */
export function createErrorAnswers({ pages }: { readonly pages: Pages }): AnswerError {
  const answerPage = createAnswerPage(pages)
  return function answerError(ctx, { status, ...error }) {
    ctx.status = status
    ctx.vary('Accept')
    const { requestId, mountedHost } = requestState(ctx)
    // At a host of a dialect there are no pages.
    if (mountedHost === undefined && wantsPage(ctx))
      answerPage(ctx, 'error', { code: error.error, requestId }, { status })
    else ctx.body = error
  }
}
