import { Readable } from 'node:stream'
import type { Context } from 'koa'

/**
 * Turns the request under way into a token request: the pipeline that runs next reads these parameters as the form
 * body it expects. The dialect's own headers are kept from it: a storefront's stale bearer is no client secret.
 */
export function becomeTokenRequest(
  ctx: Context,
  parameters: Readonly<Record<string, string | undefined>>,
  endpoint = '/token',
): void {
  const given = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined)
  const form = Buffer.from(new URLSearchParams(given).toString())
  giveBody(ctx, form)
  const { headers } = ctx.req
  for (const name of ['authorization', 'dpop', 'content-encoding', 'origin']) delete headers[name]
  headers['content-type'] = 'application/x-www-form-urlencoded'
  headers.accept = 'application/json'
  ctx.method = 'POST'
  ctx.url = endpoint
}

/** Puts back the body of a request that was read, for the next middleware. */
export function giveBody(ctx: Context, body: Buffer): void {
  const source = Readable.from(body.length > 0 ? [body] : [], { objectMode: false })
  Object.defineProperties(ctx.req, {
    readable: { value: true, configurable: true },
    iterator: { value: source.iterator.bind(source), configurable: true },
  })
  const { headers } = ctx.req
  delete headers['transfer-encoding']
  headers['content-length'] = String(body.length)
}
