import type { Middleware } from 'koa'
import { BodyError } from '../http/read-body.ts'
import { requestState } from '../http/request-state.ts'
import { Unavailable } from '../http/unavailable.ts'

/** A refusal as RFC 9457 problem details; `code` is stable, `detail` says what to do next. */
export class Problem extends Error {
  readonly status: number
  readonly code: string
  readonly retryAfterSeconds: number | undefined

  constructor(status: number, code: string, detail: string, retryAfterSeconds?: number) {
    super(detail)
    this.status = status
    this.code = code
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** A method that an address does not have; `allowed` are those that it has (RFC 9110 §15.5.6). */
export class MethodProblem extends Problem {
  readonly allowed: string

  constructor(method: string, allowed: string) {
    super(405, 'method-not-allowed', `${method} is not allowed at this address; use ${allowed}.`)
    this.allowed = allowed
  }
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Not signed in',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  412: 'Changed meanwhile',
  413: 'Too large',
  415: 'Unsupported media type',
  428: 'If-Match is missing',
  429: 'Too many attempts',
  500: 'Something went wrong',
  503: 'Not available now',
}

/** Answers errors as problem details; an unexpected error is logged and answered without detail. */
export function answerProblems(onError: (error: unknown, requestId: string) => void): Middleware {
  return async function answerProblem(ctx, next) {
    try {
      await next()
    } catch (error) {
      const requestId = requestState(ctx).requestId
      const problem = toProblem(error, requestId)
      if (problem !== error && problem.status >= 500) onError(error, requestId)
      ctx.status = problem.status
      if (problem.status === 401) ctx.set('WWW-Authenticate', 'Bearer realm="vestibule admin"')
      if (problem instanceof MethodProblem) ctx.set('Allow', problem.allowed)
      if (problem.retryAfterSeconds !== undefined) ctx.set('Retry-After', String(problem.retryAfterSeconds))
      ctx.body = JSON.stringify(problemDetails(problem))
      ctx.type = 'application/problem+json'
    }
  }
}

/** The body of the answer. */
export function problemDetails({ status, code, message }: Problem) {
  return { type: 'about:blank', title: TITLES[status] ?? 'Refused', status, code, detail: message }
}

function toProblem(error: unknown, requestId: string): Problem {
  if (error instanceof Problem) return error
  if (error instanceof BodyError) return new Problem(error.status, 'invalid-body', `${error.message}.`)
  if (error instanceof Unavailable) {
    return new Problem(error.status, 'unavailable', error.error_description, error.retryAfterSeconds)
  }
  return new Problem(500, 'server-error', `Something went wrong on our side; request id ${requestId}.`)
}

/** The refusal of a change to something that is not as the caller saw it. */
export function changedMeanwhile(): Problem {
  return new Problem(
    412,
    'changed-meanwhile',
    'It was changed since you read it. Read it again, then repeat your change.',
  )
}
