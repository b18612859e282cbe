import type { Context } from 'koa'

/** A form's answer is a page or a 303, never a 307 (RFC 9700 §4.12). */
export function seeOther(ctx: Context, path: string): void {
  ctx.redirect(path)
  ctx.status = 303
}
