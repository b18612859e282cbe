import { Router } from '@koa/router'
import type { Context } from 'koa'
import type { Audit } from '../../audit/events.ts'
import { requestState } from '../../http/request-state.ts'
import { type Routes, routed } from '../../http/routing/other-methods.ts'
import { STREAM_SCOPES } from '../../oauth/clients/own-resource.ts'
import type { Stream, StreamWish } from '../../shared-signals/stream.ts'
import type { Streams } from '../../shared-signals/streams.ts'
import { refuse, type SignalCaller } from '../bearer.ts'
import { readObject } from '../json-body.ts'
import { MANAGE, type OwnStreamDeps, ownStreamOfBody, ownStreamOfQuery, READ } from './own-stream.ts'
import { HELD } from './status-routes.ts'
import { readWish, type UrlProblem } from './stream-body.ts'
import { viewOf } from './stream-view.ts'

export const STREAMS_PATH = '/ssf/streams'

export type StreamRoutesDeps = OwnStreamDeps & {
  readonly issuer: string
  readonly streams: Pick<Streams, 'create' | 'find' | 'ofClient' | 'replace' | 'removeFree'>
  readonly authorizationOf: (streamId: string) => Promise<string | undefined>
  readonly urlProblem: UrlProblem
  readonly audit: Audit
}

/** Streams as receivers make, read, change and remove their own (SSF 1.0 §8.1.1). A client has one at most. */
export function createStreamRoutes(deps: StreamRoutesDeps): Routes {
  const { streams, authorize, urlProblem } = deps
  const router = new Router()

  router.post(STREAMS_PATH, async (ctx) => {
    const caller = await authorize(ctx, MANAGE)
    const body = caller && (await readObject(ctx))
    if (!body) return
    const read = await readWish(body, { urlProblem })
    if ('problem' in read) return refuse(ctx, 400, 'invalid_request', read.problem)
    const stream = await streams.create(caller.clientId, read.wish)
    if (!stream) return refuse(ctx, 409, 'conflict', 'this client has a stream already')
    note(deps, ctx, stream, 'created')
    ctx.status = 201
    ctx.body = await shown(deps, stream, caller)
  })

  router.get(STREAMS_PATH, async (ctx) => {
    if (ctx.query.stream_id === undefined) {
      const caller = await authorize(ctx, READ)
      if (!caller) return
      const stream = await streams.ofClient(caller.clientId)
      ctx.body = stream ? [await shown(deps, stream, caller)] : []
      return
    }
    const own = await ownStreamOfQuery(deps, ctx, READ)
    if (own) ctx.body = await shown(deps, own.stream, own.caller)
  })

  const change = (isWhole: boolean) => async (ctx: Context) => {
    const own = await ownStreamOfBody(deps, ctx)
    if (!own) return
    const { stream, caller, body } = own
    const authorizationHeader = await deps.authorizationOf(stream.id)
    const current = viewOf(stream, { issuer: deps.issuer, authorizationHeader })
    const base: StreamWish | undefined = isWhole ? undefined : { ...stream, authorizationHeader }
    const read = await readWish(body, { current, base, urlProblem })
    if ('problem' in read) return refuse(ctx, 400, 'invalid_request', read.problem)
    const next = await streams.replace(stream.id, read.wish)
    if (!next) return refuse(ctx, 404, 'not_found', 'there is no such stream')
    note(deps, ctx, next, 'changed')
    ctx.body = await shown(deps, next, caller)
  }
  router.patch(STREAMS_PATH, change(false))
  router.put(STREAMS_PATH, change(true))

  router.delete(STREAMS_PATH, async (ctx) => {
    const own = await ownStreamOfQuery(deps, ctx, MANAGE)
    if (!own) return
    const isRemoved = await streams.removeFree(own.stream.id)
    if (!isRemoved && (await streams.find(own.stream.id))) return refuse(ctx, 403, 'access_denied', HELD)
    note(deps, ctx, own.stream, 'removed')
    ctx.status = 204
  })

  return routed(router)
}

async function shown({ issuer, authorizationOf }: StreamRoutesDeps, stream: Stream, { scopes }: SignalCaller) {
  const isManager = scopes.includes(STREAM_SCOPES.manage)
  const authorizationHeader = isManager ? await authorizationOf(stream.id) : undefined
  return viewOf(stream, { issuer, authorizationHeader })
}

function note({ audit }: StreamRoutesDeps, ctx: Context, { id, clientId, method }: Stream, what: string): void {
  const { requestId } = requestState(ctx)
  const reason = `${what}: ${id}, ${method}`
  audit({ type: 'signal-stream.changed', actor: `client:${clientId}`, clientId, ip: ctx.ip, requestId, reason })
}
