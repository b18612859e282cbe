import { Router } from '@koa/router'
import type { Context } from 'koa'
import { z } from 'zod'
import { type Routes, routed } from '../../http/routing/other-methods.ts'
import type { Log } from '../../log.ts'
import type { MailWaiters } from '../../shared-signals/mail-waiters.ts'
import type { Mailbox } from '../../shared-signals/mailbox.ts'
import type { SetPayload } from '../../shared-signals/signal.ts'
import type { Stream } from '../../shared-signals/stream.ts'
import { refuse } from '../bearer.ts'
import { readObject } from '../json-body.ts'
import { type OwnStreamDeps, ownStream, READ } from './own-stream.ts'
import { POLL_PATH } from './stream-view.ts'

export type PollRoutesDeps = OwnStreamDeps & {
  readonly mailbox: Pick<Mailbox, 'waiting' | 'acknowledge' | 'refuse'>
  readonly waiters: Pick<MailWaiters, 'wait'>
  readonly notePoll: (streamId: string) => Promise<void>
  readonly signSet: (payload: SetPayload, clientId: string) => Promise<string>
  readonly log: Pick<Log, 'warn'>
}

const MOST_AT_ONCE = 100
const MOST_ACKNOWLEDGED = 1000
/** Shorter than proxies wait for an answer. */
const LONGEST_WAIT_MS = 20_000
/** What another node put into the mailbox, and could not tell. */
const LOOK_EVERY_MS = 5000

const jti = z.string().max(255)
const asked = z.looseObject({
  maxEvents: z.int().min(0).optional(),
  returnImmediately: z.boolean().optional(),
  ack: z.array(jti).max(MOST_ACKNOWLEDGED).optional(),
  setErrs: z
    .record(jti, z.looseObject({ err: z.string().min(1), description: z.string().optional() }))
    .refine((errors) => Object.keys(errors).length <= MOST_ACKNOWLEDGED)
    .optional(),
})

/** Poll delivery (RFC 8936): a signal is given again until it is acknowledged. */
export function createPollRoutes(deps: PollRoutesDeps): Routes {
  const { mailbox, signSet } = deps
  const router = new Router()
  router.post(`${POLL_PATH}/:id`, async (ctx) => {
    ctx.set('Cache-Control', 'no-store')
    const caller = await deps.authorize(ctx, READ)
    const { id } = ctx.params as { id?: string } // the router decodes it
    const stream = caller && (await ownStream(deps, ctx, caller, id))
    if (!stream) return
    if (stream.method !== 'poll') return refuse(ctx, 404, 'not_found', 'this stream is not polled')
    const body = await readObject(ctx, 256 * 1024)
    const parsed = body && asked.safeParse(body)
    if (!parsed) return
    if (!parsed.success) {
      const [issue] = parsed.error.issues
      return refuse(ctx, 400, 'invalid_request', `${issue?.path.join('.')}: ${issue?.message}`)
    }
    const { maxEvents = MOST_AT_ONCE, returnImmediately = false, ack = [], setErrs = {} } = parsed.data
    await deps.notePoll(stream.id)
    await mailbox.acknowledge(stream.id, ack)
    await refuseSets(deps, stream, setErrs)
    const limit = Math.min(maxEvents, MOST_AT_ONCE)
    const waitMs = returnImmediately || limit === 0 ? 0 : LONGEST_WAIT_MS
    const { payloads, hasMore } = await waiting(deps, ctx, { stream, limit, waitMs })
    const sets: Record<string, string> = {}
    for (const payload of payloads) sets[payload.jti] = await signSet(payload, stream.clientId)
    ctx.body = { sets, ...(hasMore && { moreAvailable: true }) }
  })
  return routed(router)
}

async function refuseSets(
  { mailbox, log }: PollRoutesDeps,
  { id }: Stream,
  errors: Readonly<Record<string, { readonly err: string; readonly description?: string | undefined }>>,
): Promise<void> {
  const refused = await mailbox.refuse(id, new Map(Object.entries(errors)))
  if (refused > 0) log.warn({ event: 'shared-signals.set-refused', stream: id, count: refused })
}

type Wait = { readonly stream: Stream; readonly limit: number; readonly waitMs: number }

/** What is there, or comes before the time is over. The status may change meanwhile. */
async function waiting(deps: PollRoutesDeps, ctx: Context, { stream, limit, waitMs }: Wait) {
  const { mailbox, waiters, streams } = deps
  const until = Date.now() + waitMs
  const gone = new AbortController()
  ctx.res.once('close', () => gone.abort())
  for (let current: Stream | undefined = stream; ; current = await streams.find(stream.id)) {
    const leftMs = until - Date.now()
    const found = new AbortController()
    const signal = AbortSignal.any([gone.signal, found.signal])
    // Before the look: what comes in between is not missed.
    const woken = leftMs > 0 ? waiters.wait(stream.id, Math.min(leftMs, LOOK_EVERY_MS), signal) : undefined
    const mail = await mailbox.waiting(stream.id, limit, { isPaused: current?.status !== 'enabled' })
    const isOver = mail.payloads.length > 0 || !current || gone.signal.aborted
    if (isOver) found.abort()
    if (isOver || !woken || !(await woken)) return mail
  }
}
