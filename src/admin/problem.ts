import type { Middleware } from 'koa'

/** A refusal as RFC 9457 problem details; `code` is stable, `detail` says what to do next. */
export class Problem extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, detail: string) {
    super(detail)
    this.status = status
    this.code = code
  }
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Not signed in',
  403: 'Not allowed',
  404: 'Not found',
  409: 'Conflict',
  413: 'Too large',
  415: 'Unsupported media type',
}

/** Answers a `Problem` thrown further in; everything else is for the catch-all outside. */
export function answerProblems(): Middleware {
  return async function answerProblem(ctx, next) {
    try {
      await next()
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      ctx.status = error.status
      if (error.status === 401) ctx.set('WWW-Authenticate', 'Bearer realm="vestibule admin"')
      ctx.body = JSON.stringify({
        type: 'about:blank',
        title: TITLES[error.status] ?? 'Refused',
        status: error.status,
        code: error.code,
        detail: error.message,
      })
      ctx.type = 'application/problem+json'
    }
  }
}
