import { randomUUID } from 'node:crypto'
import type { Knex } from 'knex'
import type { NewMessage } from '../outbox/message.ts'
import type { Outbox } from '../outbox/outbox.ts'
import { STREAM_EVENTS } from './event-types.ts'
import type { Mailbox } from './mailbox.ts'
import type { SetPayload } from './signal.ts'
import type { Stream, StreamWish } from './stream.ts'
import type { StreamRows } from './stream-rows.ts'
import { NOTICE_KIND, SIGNAL_KIND } from './tell.ts'

/** Holds back what waits in the outbox for a stream. */
export type HoldBack = {
  readonly pause: (streamId: string, transaction: Knex.Transaction) => Promise<void>
  readonly resume: (streamId: string, transaction: Knex.Transaction) => Promise<void>
  /** Removes what waits. */
  readonly drop: (streamId: string, transaction: Knex.Transaction) => Promise<void>
}

export type StreamsDeps = {
  readonly knex: Knex
  readonly rows: StreamRows
  readonly mailbox: Pick<Mailbox, 'empty'>
  readonly outbox: Pick<Outbox, 'enqueue'>
  readonly holdBack: HoldBack
}

/** The receiver is told of what this server or who operates it does (SSF 1.0 §8.1.5), and cannot undo the latter. */
export type StatusChange = Pick<Stream, 'status' | 'reason'> & {
  readonly by: 'receiver' | 'transmitter' | 'operator'
}

export type Streams = ReturnType<typeof createStreams>

/** What receivers and operators do with streams. */
export function createStreams({ knex, rows, mailbox, outbox, holdBack }: StreamsDeps) {
  return {
    create: rows.create,
    find: rows.find,
    ofClient: rows.ofClient,
    list: rows.list,
    remove: rows.remove,
    /** By its receiver. False where an operator holds the stream. */
    removeFree: rows.removeFree,

    /** Puts another wish in place of the present one. What waits goes the new way. Undefined where the stream is gone. */
    replace: (id: string, wish: StreamWish): Promise<Stream | undefined> =>
      knex.transaction(async (transaction) => {
        const before = await rows.lock(id, transaction)
        if (!before) return undefined
        if (before.method === 'poll' && wish.method === 'push') {
          const waiting = await mailbox.empty(id, transaction)
          await outbox.enqueue(
            waiting.map((payload) => toMessage(SIGNAL_KIND, id, payload)),
            transaction,
          )
        }
        return rows.replace(id, wish, transaction)
      }),

    /** Undefined where the stream is gone; `held` where its receiver may not, as an operator holds it. */
    setStatus: (id: string, { by, ...next }: StatusChange): Promise<Stream | 'held' | undefined> =>
      knex.transaction(async (transaction) => {
        const before = await rows.lock(id, transaction)
        if (!before) return undefined
        if (before.isHeld && by !== 'operator') return 'held'
        if (by !== 'receiver' && before.status !== next.status) await outbox.enqueue([updated(id, next)], transaction)
        if (next.status === 'enabled') await holdBack.resume(id, transaction)
        if (next.status === 'paused') await holdBack.pause(id, transaction)
        if (next.status === 'disabled') {
          await holdBack.resume(id, transaction)
          await holdBack.drop(id, transaction)
          await mailbox.empty(id, transaction)
        }
        return rows.setStatus(id, { ...next, isHeld: by === 'operator' && next.status !== 'enabled' }, transaction)
      }),

    /** Holds back what waits for a stream that is paused, should somebody have let it go. */
    holdAgain: (id: string): Promise<void> =>
      knex.transaction(async (transaction) => {
        if ((await rows.lock(id, transaction))?.status === 'paused') await holdBack.pause(id, transaction)
      }),

    /** False where the last verification was asked for a moment ago. */
    async verify(id: string, state: string | undefined): Promise<boolean> {
      if (!(await rows.takeVerification(id))) return false
      const event = { ...(state !== undefined && { state }) }
      await outbox.enqueue([aboutStream(SIGNAL_KIND, id, { [STREAM_EVENTS.verification]: event })])
      return true
    },
  }
}

/** That the transmitter changes the status, told before it holds back anything. */
function updated(id: string, { status, reason }: Pick<Stream, 'status' | 'reason'>): NewMessage {
  const event = { status, ...(reason !== undefined && { reason }) }
  return aboutStream(NOTICE_KIND, id, { [STREAM_EVENTS.streamUpdated]: event })
}

function aboutStream(kind: string, id: string, events: SetPayload['events']): NewMessage {
  const subId = { format: 'opaque', id } as const
  return toMessage(kind, id, { jti: randomUUID(), iat: Math.floor(Date.now() / 1000), subId, events })
}

function toMessage(kind: string, receiver: string, payload: SetPayload): NewMessage {
  return { kind, receiver, orderKey: payload.accountId ?? 'stream', payload }
}
