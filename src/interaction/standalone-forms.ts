import type { Context, Middleware } from 'koa'
import { sentNoCookies } from '../http/cookie-names.ts'
import { BodyError, readForm } from '../http/read-body.ts'
import { requestState } from '../http/request-state.ts'
import type { AnswerPage } from './answer-page.ts'
import type { Csrf } from './csrf.ts'
import type { ErrorView } from './page-views.ts'

/** A form as it was sent, each field once. */
export type Form = Readonly<Record<string, string>>

/** Forms on pages of their own, outside of an interaction. */
export type StandaloneForms = {
  /** Takes in a form that was filled in on our page `name`, in this browser; `path` is where that page is. */
  onForm(name: string, path: string, step: (ctx: Context, form: Form) => Promise<void>): Middleware
  /** The fields of the request, each once, whoever sent them. */
  receive(ctx: Context): Promise<Form>
  /** Turns unusable forms into pages. */
  readonly problems: Middleware
}

const LIMIT_BYTES = 16 * 1024

/** The same checks as for the forms of an interaction, with the page's name in place of the interaction's. */
export function createStandaloneForms({
  answerPage,
  csrf,
}: {
  readonly answerPage: AnswerPage
  readonly csrf: Csrf
}): StandaloneForms {
  const refuse = (ctx: Context, status: number, view: ErrorView) =>
    answerPage(ctx, 'error', { ...view, requestId: requestState(ctx).requestId }, { status })

  const receive = (ctx: Context) => readForm(ctx, { limitBytes: LIMIT_BYTES })

  return {
    receive,
    onForm: (name, path, step) => async (ctx) => {
      const form = await receive(ctx)
      if (csrf.isGenuine(ctx, name, form.csrf)) return step(ctx, form)
      refuse(ctx, 403, { code: sentNoCookies(ctx) ? 'no_cookies' : 'form_not_genuine', reload: path })
    },
    async problems(ctx, next) {
      try {
        await next()
      } catch (error) {
        if (!(error instanceof BodyError)) throw error
        refuse(ctx, error.status, { code: 'form_malformed', detail: error.message })
      }
    },
  }
}
