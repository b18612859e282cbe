import type { Context } from 'koa'

/** Answers with an error in the members of OAuth. */
export function refuse(ctx: Context, status: number, error: string, description: string): void {
  ctx.status = status
  ctx.body = { error, error_description: description }
}

/** No token, or one that does not work here (RFC 6750 §3.1). */
export function refuseToken(ctx: Context, description: string, { isMissing = false } = {}): void {
  ctx.set('WWW-Authenticate', isMissing ? 'Bearer' : 'Bearer error="invalid_token"')
  refuse(ctx, 401, 'invalid_token', description)
}

/** A token that works, and does not allow this (RFC 6750 §3.1). */
export function refuseScope(ctx: Context, description: string, scope?: string): void {
  ctx.set('WWW-Authenticate', `Bearer error="insufficient_scope"${scope === undefined ? '' : `, scope="${scope}"`}`)
  refuse(ctx, 403, 'insufficient_scope', description)
}

/** Too many of these; the caller may come again after so many seconds. */
export function refuseMany(ctx: Context, retryAfterSeconds: number, description: string): void {
  ctx.set('Retry-After', String(retryAfterSeconds))
  refuse(ctx, 429, 'too_many_requests', description)
}
