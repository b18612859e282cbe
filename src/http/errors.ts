import type { Middleware } from 'koa'
import { type AnswerError, answerInJson } from './answer-error.ts'
import { BodyError } from './read-body.ts'
import { requestState } from './request-state.ts'
import { askedPath } from './routing/issuer-path.ts'
import { Unavailable } from './unavailable.ts'

const RETRY_AFTER_SECONDS = 1

/**
 * The last catch: an unexpected error is logged with the request id and answered without detail. Every 503 says
 * when to come again.
 */
export function catchErrors(
  onError: (error: unknown, requestId: string) => void,
  answer: AnswerError = answerInJson,
): Middleware {
  return async function catchAll(ctx, next) {
    try {
      await next()
      if (ctx.status === 503 && !ctx.response.get('Retry-After')) ctx.set('Retry-After', String(RETRY_AFTER_SECONDS))
      if (ctx.status === 404 && ctx.body === undefined) {
        const error_description = `there is nothing at ${ctx.method} ${askedPath(ctx)}`
        answer(ctx, { status: 404, error: 'not_found', error_description })
      }
    } catch (error) {
      const requestId = requestState(ctx).requestId
      if (error instanceof BodyError) {
        return answer(ctx, { status: error.status, error: 'invalid_request', error_description: error.message })
      }
      onError(error, requestId)
      if (error instanceof Unavailable) {
        ctx.set('Retry-After', String(error.retryAfterSeconds))
        const { status, error: code, error_description } = error
        return answer(ctx, { status, error: code, error_description })
      }
      const error_description = `something went wrong on our side; request id ${requestId}`
      answer(ctx, { status: 500, error: 'server_error', error_description })
    }
  }
}
