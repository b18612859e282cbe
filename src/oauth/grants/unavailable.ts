import { errors, type KoaContextWithOIDC } from 'oidc-provider'

/** 503 with `Retry-After`: the request was fine and may be sent again. */
export function temporarilyUnavailable(
  ctx: KoaContextWithOIDC,
  retryAfterSeconds: number,
  description = 'too many requests at once, try again shortly',
): Error {
  ctx.set('Retry-After', String(retryAfterSeconds))
  const error = new errors.CustomOIDCProviderError('temporarily_unavailable', description)
  return Object.assign(error, { status: 503, statusCode: 503, expose: true })
}
