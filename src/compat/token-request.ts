import { Readable } from 'node:stream'
import type { Context } from 'koa'
import type { OAuthParameters } from './dialect.ts'

/**
 * Turns the request under way into a token request: the pipeline that runs next reads these parameters as the form
 * body it expects. The dialect's own headers are kept from it: a storefront's stale bearer is no client secret.
 */
export function becomeTokenRequest(ctx: Context, parameters: OAuthParameters): void {
  const form = Buffer.from(new URLSearchParams(parameters).toString())
  const source = Readable.from([form], { objectMode: false })
  Object.defineProperties(ctx.req, {
    readable: { value: true, configurable: true },
    iterator: { value: source.iterator.bind(source), configurable: true },
  })
  const { headers } = ctx.req
  for (const name of ['authorization', 'dpop', 'transfer-encoding', 'content-encoding', 'origin']) delete headers[name]
  headers['content-type'] = 'application/x-www-form-urlencoded'
  headers['content-length'] = String(form.length)
  headers.accept = 'application/json'
  ctx.method = 'POST'
  ctx.url = '/token'
}
