import type { Problem, Step } from './types.ts'

/** What else there is to say of a sign-in that did not end well. */
export type Details = {
  readonly steps?: readonly Step[] | undefined
  readonly problem?: Problem | undefined
  /** Where the sign-in goes on, in the browser. */
  readonly url?: string | undefined
  /** Seconds. */
  readonly retryAfter?: number | undefined
}

/**
 * A sign-in that did not end well. `code` is the server's error or the code of its problem, such as `wrong_credentials`, `throttled`
 * or `temporarily_unavailable`; or one of `step_required`, `browser_required`, `signed_out` and `bad_answer`.
 */
export class SignInError extends Error {
  readonly code: string
  readonly steps: readonly Step[]
  readonly problem: Problem | undefined
  readonly url: string | undefined
  readonly retryAfter: number | undefined

  constructor(code: string, message = code, { steps = [], problem, url, retryAfter }: Details = {}) {
    super(message)
    this.name = 'SignInError'
    this.code = code
    this.steps = steps
    this.problem = problem
    this.url = url
    this.retryAfter = retryAfter
  }
}
