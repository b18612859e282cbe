import type { Context } from 'koa'
import { BodyError, readText } from '../http/read-body.ts'
import { refuse } from './bearer.ts'

const LIMIT_BYTES = 32 * 1024

export type JsonObject = Readonly<Record<string, unknown>>

/**
 * The object that a request has as its body; undefined when the request is answered already: 400 for what is no JSON object,
 * 413 above 32 KiB, 415 for another content type.
 */
export async function readObject(ctx: Context, limitBytes = LIMIT_BYTES): Promise<JsonObject | undefined> {
  try {
    if (!ctx.is('json', '+json')) throw new BodyError(415, 'the request body must be application/json')
    const body: unknown = JSON.parse(await readText(ctx, { limitBytes }))
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as JsonObject // looked at
    throw new BodyError(400, 'the request body must be a JSON object')
  } catch (error) {
    if (error instanceof BodyError) refuse(ctx, error.status, 'invalid_request', error.message)
    else if (error instanceof SyntaxError) refuse(ctx, 400, 'invalid_request', 'the request body is not JSON')
    else throw error
    return undefined
  }
}
