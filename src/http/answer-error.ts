import type { Context } from 'koa'

/** How a request is answered that none of the parts of the server answered, or that failed. */
export type AnswerError = (
  ctx: Context,
  error: { readonly status: number; readonly error: string; readonly error_description: string },
) => void

/** As programs read it. */
export const answerInJson: AnswerError = (ctx, { status, ...body }) => {
  ctx.status = status
  ctx.body = body
}
