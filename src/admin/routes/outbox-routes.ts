import { z } from 'zod'
import type { OutboxOperations } from '../../outbox/operations.ts'
import { Problem } from '../problem.ts'
import { type Route, route } from './route.ts'
import { epochSeconds, pageOf, pageQuery, text, whole } from './shapes.ts'

const kind = z.string().describe('What is sent: "back-channel-logout", "audit-webhook" and the like.')
const receiver = z
  .string()
  .describe('Whom it is sent to: the id of a client or a stream, or the setting with its address.')
const waiting = z.int().describe('How many messages wait.')
const lastFailure = z.string().optional().describe('Why the last failed attempt failed.')

const shownReceiver = z
  .object({
    kind,
    receiver,
    state: z
      .enum(['working', 'failing', 'paused'])
      .describe('"failing" since its last success; "paused" by an operator.'),
    waiting,
    dead: z.int().describe('How many are not sent again by themselves: dead letters.'),
    oldestAt: epochSeconds('When the oldest that waits was added').optional(),
    failures: z.int().describe('Failed attempts in a row.'),
    failingSince: epochSeconds('When the first of them was').optional(),
    nextAttemptAt: epochSeconds('When it is tried next').optional(),
    lastFailure,
    lastFailedAt: epochSeconds('When it failed last').optional(),
    lastDeliveredAt: epochSeconds('When it took something last').optional(),
    pausedAt: epochSeconds('When it was paused').optional(),
    pausedBy: z.string().optional().describe('Who paused it.'),
  })
  .meta({ id: 'OutboxReceiver' })
const shownMessage = z
  .object({
    id: z.string().describe('The id of the message.'),
    kind,
    receiver,
    state: z.enum(['waiting', 'dead']).describe('"dead" is not sent again by itself.'),
    createdAt: epochSeconds('When it was added, or sent again by an operator'),
    attempts: z.int().describe('How often it was tried.'),
    nextAttemptAt: epochSeconds('When it is tried at the earliest').optional(),
    deadAt: epochSeconds('When it was given up').optional(),
    lastFailure,
  })
  .meta({ id: 'OutboxMessage' })

const given = z.strictObject({
  kind: text.min(1).max(255).describe('The kind of the receiver, as the list shows it.'),
  receiver: text.min(1).max(2000).describe('The receiver, as the list shows it.'),
})
const ofMessages = given.extend({
  id: z.uuid().optional().describe('One message; all of the receiver without it.'),
})
const count = z.object({ count: z.int().describe('How many messages it was done to.') })

export type OutboxRouteDeps = { readonly outbox: OutboxOperations }

/** What waits to be sent to others, and what operators do about it. */
export function outboxRoutes({ outbox }: OutboxRouteDeps): Route[] {
  const act = { method: 'POST', permission: 'outbox:write', refusals: [404, 409], audit: 'outbox.changed' } as const

  async function known(key: z.output<typeof given>) {
    const found = await outbox.find(key)
    if (found) return found
    throw new Problem(404, 'unknown-receiver', `There is no receiver "${key.receiver}" of the kind "${key.kind}".`)
  }
  const named = ({ kind, receiver, id }: z.output<typeof ofMessages>) => ({
    kind,
    receiver,
    ...(id && { message: id }),
  })

  return [
    route({
      method: 'GET',
      path: '/v1/outbox',
      summary: 'Receivers of notices, and how many wait for each',
      permission: 'outbox:read',
      result: pageOf(shownReceiver),
      handle: async () => whole(await outbox.list()),
    }),
    route({
      method: 'GET',
      path: '/v1/outbox/messages',
      summary: 'Messages that wait or were given up, the oldest first, without what they say',
      permission: 'outbox:read',
      query: pageQuery.extend({
        kind: text.min(1).max(255).optional().describe('Only of this kind.'),
        receiver: text.min(1).max(2000).optional().describe('Only of this receiver.'),
        state: z.enum(['waiting', 'dead']).optional().describe('Only those that wait, or that are dead letters.'),
      }),
      result: pageOf(shownMessage),
      handle: ({ query: { kind, receiver, state, ...page } }) =>
        outbox.messages({ ...(kind && { kind }), ...(receiver && { receiver }), state }, page),
    }),
    route({
      ...act,
      path: '/v1/outbox/retry',
      summary: 'Send now what waits for its next attempt or is a dead letter',
      description: 'Its attempts are counted anew. A receiver that is paused stays paused.',
      body: ofMessages,
      result: count,
      async handle({ body: { id, ...key }, note }) {
        await known(key)
        const done = await outbox.retry(key, id)
        if (id !== undefined && done === 0) throw unknownMessage(id)
        note({ after: { act: 'retry', ...named({ ...key, id }), count: done } })
        return { count: done }
      },
    }),
    route({
      ...act,
      path: '/v1/outbox/drop',
      summary: 'Delete dead letters of a receiver for good, or one message',
      body: ofMessages,
      result: count,
      async handle({ body: { id, ...key }, note }) {
        await known(key)
        if (outbox.ownKinds().has(key.kind)) throw new Problem(409, 'never-dropped', NEVER_DROPPED)
        const done = await outbox.drop(key, id)
        if (id !== undefined && done === 0) throw unknownMessage(id)
        note({ after: { act: 'drop', ...named({ ...key, id }), count: done } })
        return { count: done }
      },
    }),
    route({
      ...act,
      path: '/v1/outbox/pause',
      summary: 'Hold everything that waits for a receiver; new messages are held as well',
      body: given,
      result: shownReceiver,
      async handle({ body, actor, note }) {
        await known(body)
        if (!(await outbox.pause(body, actor.name))) throw new Problem(409, 'paused', 'The receiver is paused already.')
        note({ after: { act: 'pause', ...body } })
        return known(body)
      },
    }),
    route({
      ...act,
      path: '/v1/outbox/resume',
      summary: 'Let a paused receiver go on; what was held is sent in order',
      body: given,
      result: shownReceiver,
      async handle({ body, note }) {
        await known(body)
        if (!(await outbox.resume(body))) throw new Problem(409, 'not-paused', 'The receiver is not paused.')
        note({ after: { act: 'resume', ...body } })
        return known(body)
      },
    }),
  ]
}

const NEVER_DROPPED = 'Nothing of this receiver is dropped: it is sent in order, and waits until it is taken.'

function unknownMessage(id: string): Problem {
  return new Problem(404, 'unknown-message', `The receiver has no such message "${id}", or it is being sent.`)
}
