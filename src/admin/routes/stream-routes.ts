import { z } from 'zod'
import type { Mailbox } from '../../shared-signals/mailbox.ts'
import { eventsOf, STREAM_STATUSES, type Stream } from '../../shared-signals/stream.ts'
import type { StreamState } from '../../shared-signals/stream-state.ts'
import type { Streams } from '../../shared-signals/streams.ts'
import { Problem } from '../problem.ts'
import { clientId, sentenceOf } from './fields.ts'
import { type Route, route } from './route.ts'
import { epochSeconds, pageOf, pageQuery, text } from './shapes.ts'

const id = z.string().describe('The id of the stream.')
const status = z
  .enum(STREAM_STATUSES)
  .describe('"enabled": told. "paused": what happens is kept and told later. "disabled": nothing is kept.')
const reason = text.max(1000).optional().describe('Why it has this status; the receiver is told.')

const stream = z
  .object({
    id,
    clientId,
    status,
    reason: z.string().optional().describe(sentenceOf(reason)),
    method: z.enum(['push', 'poll']).describe('Whether signals are sent to the receiver, or fetched by it.'),
    endpointUrl: z.string().optional().describe('Where they are sent to.'),
    events: z.array(z.string()).describe('The event types that the receiver gets.'),
    description: z.string().optional().describe('What the receiver says of the stream.'),
    createdAt: epochSeconds('When it was created'),
    waiting: z.int().describe('How many signals wait to be delivered.'),
    undelivered: z.int().describe('How many signals could not be delivered for good.'),
    lastFailure: z.string().optional().describe('What the last failed attempt came to.'),
    lastDeliveredAt: epochSeconds('When a signal was delivered last').optional(),
  })
  .meta({ id: 'SignalStream' })

const refusal = z
  .object({
    jti: z.string().describe('The jti of the signal.'),
    event: z.string().describe('Its event type.'),
    err: z.string().describe('The error code of the receiver (RFC 8935 §2.4).'),
    description: z.string().optional().describe('What the receiver said.'),
    at: epochSeconds('When the receiver said so'),
  })
  .meta({ id: 'SignalRefusal' })

/** A stream as the API shows it. */
export type ShownStream = z.output<typeof stream>
export type ShownRefusal = z.output<typeof refusal>

const params = z.object({ id })
const REFUSALS_SHOWN = 100

export type StreamRouteDeps = {
  readonly streams: Pick<Streams, 'list' | 'find' | 'setStatus' | 'remove'>
  readonly streamState: (id: string) => Promise<StreamState>
  readonly mailbox: Pick<Mailbox, 'refusals'>
}

/** Who receives Shared Signals, how delivery stands, and pausing and removing it. Receivers make their streams themselves. */
export function streamRoutes({ streams, streamState, mailbox }: StreamRouteDeps): Route[] {
  async function show(found: Stream) {
    const { lastDeliveredAt, ...state } = await streamState(found.id)
    return {
      id: found.id,
      clientId: found.clientId,
      status: found.status,
      ...(found.reason !== undefined && { reason: found.reason }),
      method: found.method,
      ...(found.endpointUrl !== undefined && { endpointUrl: found.endpointUrl }),
      events: [...eventsOf(found)],
      ...(found.description !== undefined && { description: found.description }),
      createdAt: seconds(found.createdAt),
      ...state,
      ...(lastDeliveredAt && { lastDeliveredAt: seconds(lastDeliveredAt) }),
    }
  }
  const known = async (given: string) => {
    const found = await streams.find(given)
    if (found) return found
    throw unknown(given)
  }

  return [
    route({
      method: 'GET',
      path: '/v1/streams',
      summary: 'Streams of Shared Signals, by client',
      permission: 'streams:read',
      query: pageQuery,
      result: pageOf(stream),
      async handle({ query }) {
        const { items, ...rest } = await streams.list(query)
        return { items: await Promise.all(items.map(show)), ...rest }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/streams/{id}',
      summary: 'One stream of Shared Signals',
      permission: 'streams:read',
      params,
      result: stream,
      refusals: [404],
      handle: async ({ params }) => show(await known(params.id)),
    }),
    route({
      method: 'GET',
      path: '/v1/streams/{id}/refusals',
      summary: `What a receiver that polls could not take, newest first, ${REFUSALS_SHOWN} at most`,
      permission: 'streams:read',
      params,
      result: z.object({ items: z.array(refusal).describe('The signals.') }).meta({ id: 'SignalRefusals' }),
      refusals: [404],
      async handle({ params }) {
        const { id: streamId } = await known(params.id)
        const items = await mailbox.refusals(streamId, REFUSALS_SHOWN)
        return { items: items.map(({ at, ...each }) => ({ ...each, at: seconds(at) })) }
      },
    }),
    route({
      method: 'POST',
      path: '/v1/streams/{id}/status',
      summary: 'Pause, disable or enable a stream; its receiver is told before, and cannot undo it',
      permission: 'streams:write',
      params,
      body: z.object({ status, reason }).meta({ id: 'NewStreamStatus' }),
      result: stream,
      refusals: [404],
      audit: 'signal-stream.changed',
      about: (_: unknown, shown: { readonly clientId: string }) => ({ clientId: shown.clientId }),
      async handle({ params, body, note }) {
        const before = await known(params.id)
        const next = await streams.setStatus(before.id, { ...body, by: 'operator' })
        // `held` is for receivers.
        if (!next || next === 'held') throw unknown(params.id)
        note({ before: { status: before.status }, after: { status: next.status } })
        return show(next)
      },
    }),
    route({
      method: 'DELETE',
      path: '/v1/streams/{id}',
      summary: 'Remove a stream with everything that waits for its receiver',
      permission: 'streams:write',
      params,
      result: stream,
      status: 204,
      refusals: [404],
      audit: 'signal-stream.changed',
      async handle({ params, note }) {
        const before = await known(params.id)
        const shown = await show(before)
        await streams.remove(before.id)
        note({ clientId: before.clientId, before: { id: before.id, method: before.method } })
        return shown
      },
    }),
  ]
}

function unknown(id: string): Problem {
  return new Problem(404, 'unknown-stream', `There is no stream ${id}.`)
}

function seconds(instant: Date): number {
  return Math.floor(instant.getTime() / 1000)
}
