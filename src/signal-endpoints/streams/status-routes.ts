import { Router } from '@koa/router'
import { z } from 'zod'
import { isStorable } from '../../database/storable.ts'
import { type Routes, routed } from '../../http/routing/other-methods.ts'
import { STREAM_STATUSES, type Stream } from '../../shared-signals/stream.ts'
import type { Streams } from '../../shared-signals/streams.ts'
import { refuse } from '../bearer.ts'
import { type OwnStreamDeps, ownStreamOfBody, ownStreamOfQuery, READ } from './own-stream.ts'

export const STATUS_PATH = '/ssf/status'
export const VERIFY_PATH = '/ssf/verify'
/** Why a receiver may not change or remove its stream. */
export const HELD = 'an operator of this server paused or disabled the stream, and alone can enable it'

export type StatusRoutesDeps = OwnStreamDeps & {
  readonly streams: Pick<Streams, 'find' | 'setStatus' | 'verify'>
}

const text = z.string().max(1000).refine(isStorable)
const change = z.looseObject({ status: z.enum(STREAM_STATUSES), reason: text.nullish() })
const verification = z.looseObject({ state: text.nullish() })

/** The status of a stream (SSF 1.0 §8.1.2), and its verification (§8.1.4). */
export function createStatusRoutes(deps: StatusRoutesDeps): Routes {
  const { streams } = deps
  const router = new Router()

  router.get(STATUS_PATH, async (ctx) => {
    const own = await ownStreamOfQuery(deps, ctx, READ)
    if (own) ctx.body = statusOf(own.stream)
  })

  router.post(STATUS_PATH, async (ctx) => {
    const own = await ownStreamOfBody(deps, ctx)
    if (!own) return
    const { data } = change.safeParse(own.body)
    if (!data) return refuse(ctx, 400, 'invalid_request', `status must be one of ${STREAM_STATUSES.join(', ')}`)
    const { status, reason } = data
    const next = await streams.setStatus(own.stream.id, { status, reason: reason ?? undefined, by: 'receiver' })
    if (!next) return refuse(ctx, 404, 'not_found', 'there is no such stream')
    if (next === 'held') return refuse(ctx, 403, 'access_denied', HELD)
    ctx.body = statusOf(next)
  })

  router.post(VERIFY_PATH, async (ctx) => {
    const own = await ownStreamOfBody(deps, ctx)
    if (!own) return
    const { data } = verification.safeParse(own.body)
    if (!data) return refuse(ctx, 400, 'invalid_request', 'state must be a text of at most 1000 characters')
    if (own.stream.status === 'disabled') return refuse(ctx, 400, 'invalid_request', 'the stream is disabled')
    if (!(await streams.verify(own.stream.id, data.state ?? undefined))) {
      return refuse(ctx, 429, 'temporarily_unavailable', 'a verification was asked for less than a minute ago')
    }
    ctx.status = 204
  })

  return routed(router)
}

function statusOf({ id, status, reason }: Stream) {
  return { stream_id: id, status, ...(reason !== undefined && { reason }) }
}
