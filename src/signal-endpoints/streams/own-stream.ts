import type { Context } from 'koa'
import { STREAM_SCOPES } from '../../oauth/clients/own-resource.ts'
import type { Stream } from '../../shared-signals/stream.ts'
import type { Streams } from '../../shared-signals/streams.ts'
import { type Authorize, refuse, type SignalCaller } from '../bearer.ts'
import { type JsonObject, readObject } from '../json-body.ts'

export const MANAGE = [STREAM_SCOPES.manage]
export const READ = [STREAM_SCOPES.read, STREAM_SCOPES.manage]

export type OwnStreamDeps = { readonly authorize: Authorize; readonly streams: Pick<Streams, 'find'> }

/** A request about a stream of its client. */
export type OwnStream = { readonly caller: SignalCaller; readonly stream: Stream }

/** The stream of this id, if it is the caller's own; otherwise the answer is 404, as for one that does not exist. */
export async function ownStream(
  { streams }: OwnStreamDeps,
  ctx: Context,
  caller: SignalCaller,
  id: unknown,
): Promise<Stream | undefined> {
  if (typeof id !== 'string' || id === '') {
    refuse(ctx, 400, 'invalid_request', 'stream_id is needed')
    return undefined
  }
  const stream = await streams.find(id)
  if (stream?.clientId === caller.clientId) return stream
  refuse(ctx, 404, 'not_found', 'there is no such stream')
  return undefined
}

/** The same of a request whose body names the stream. */
export async function ownStreamOfBody(
  deps: OwnStreamDeps,
  ctx: Context,
  scopes: readonly string[] = MANAGE,
): Promise<(OwnStream & { readonly body: JsonObject }) | undefined> {
  const caller = await deps.authorize(ctx, scopes)
  const body = caller && (await readObject(ctx))
  const stream = body && (await ownStream(deps, ctx, caller, body.stream_id))
  return stream && { caller, stream, body }
}

/** The same of a request whose query names it. */
export async function ownStreamOfQuery(
  deps: OwnStreamDeps,
  ctx: Context,
  scopes: readonly string[],
): Promise<OwnStream | undefined> {
  const caller = await deps.authorize(ctx, scopes)
  const stream = caller && (await ownStream(deps, ctx, caller, ctx.query.stream_id))
  return stream && { caller, stream }
}
