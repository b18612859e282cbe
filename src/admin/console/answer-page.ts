import type { Context, Middleware } from 'koa'
import { setPageHeaders } from '../../http/page-headers.ts'
import { BodyError } from '../../http/read-body.ts'
import { requestState } from '../../http/request-state.ts'
import { Unavailable } from '../../http/unavailable.ts'
import { Problem } from '../problem.ts'
import type { ShowOptions } from './page.ts'
import type { ConsoleViews } from './views.ts'

/** How the console answers. */
export type AnswerPage = ReturnType<typeof createAnswerPage>

type AnswerPageDeps = {
  readonly views: ConsoleViews
  readonly onError: (error: unknown, requestId: string) => void
}

/** Answers with pages, errors too: an operator never sees a bare error. */
export function createAnswerPage({ views, onError }: AnswerPageDeps) {
  function page(ctx: Context, name: string, view: object, { status = 200 }: ShowOptions = {}): void {
    setPageHeaders(ctx)
    ctx.set('Cross-Origin-Opener-Policy', 'same-origin')
    ctx.status = status
    ctx.type = 'html'
    ctx.body = views.render(name, view)
  }

  function error(ctx: Context, status: number, title: string, detail: string): void {
    page(ctx, 'error', { title, detail, requestId: requestState(ctx).requestId, back: ctx.path }, { status })
  }

  const problems: Middleware = async (ctx: Context, next) => {
    try {
      await next()
    } catch (thrown) {
      if (thrown instanceof BodyError) return error(ctx, thrown.status, 'The form cannot be used', `${thrown.message}.`)
      if (thrown instanceof Problem) {
        return error(ctx, thrown.status, TITLES[thrown.status] ?? 'Refused', thrown.message)
      }
      onError(thrown, requestState(ctx).requestId)
      if (thrown instanceof Unavailable) {
        ctx.set('Retry-After', String(thrown.retryAfterSeconds))
        return error(ctx, 503, 'A part of this server does not answer', `${thrown.error_detail}. Try again shortly.`)
      }
      error(ctx, 500, 'Something went wrong on our side', 'Search the log for the request id below.')
    }
  }

  return {
    page,
    problems,
    notFound: (ctx: Context) =>
      error(ctx, 404, 'There is no such page', 'Check the address, or start from the overview.'),
    refusedForm: (ctx: Context) =>
      error(
        ctx,
        403,
        'The form is out of date',
        'It was not filled in on this page in this session. Open the page again.',
      ),
  }
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'This request is not valid',
  403: 'Your role does not allow this',
  404: 'Not found',
  409: 'Refused',
}
