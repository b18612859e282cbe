import type { Context } from 'koa'

/** The token of a link in a mail; empty when there is none, or more than one. */
export function tokenOf(ctx: Context): string {
  const { token } = ctx.query
  return typeof token === 'string' ? token : ''
}
