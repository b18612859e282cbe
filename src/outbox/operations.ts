import type { Knex } from 'knex'
import { numberOfCursor, type Page, type PageRequest, toPage } from '../database/page.ts'
import { isUuid } from '../database/uuid.ts'
import type { ReceiverKey } from './message-rows.ts'
import type { Outbox } from './outbox.ts'
import { PAUSED_BY_STREAM } from './receiver-rows.ts'
import {
  type MessageRow,
  type ReceiverRow,
  SELECT_RECEIVERS,
  type ShownMessage,
  type ShownReceiver,
  toMessage,
  toReceiver,
} from './shown-rows.ts'

export type MessageFilter = Partial<ReceiverKey> & { readonly state?: ShownMessage['state'] | undefined }

/** A queue with a table of its own, of which nothing is dropped. */
export type OwnQueue = { readonly behind: () => number }

export type OutboxOperations = ReturnType<typeof createOutboxOperations>

export type OutboxOperationsDeps = {
  readonly knex: Knex
  /** Queues that are in tables of their own, by their kind. */
  readonly ownQueues: ReadonlyMap<string, OwnQueue>
  readonly outbox: Pick<Outbox, 'kinds' | 'wake'>
}

/** What operators see of the outbox, and do with it. */
export function createOutboxOperations({ knex, ownQueues, outbox }: OutboxOperationsDeps) {
  const receiverRow = ({ kind, receiver }: ReceiverKey) => knex('outbox_receivers').where({ kind, receiver })
  const messagesOf = ({ kind, receiver }: ReceiverKey, id: string | undefined) =>
    knex('outbox_messages')
      .where({ kind, receiver })
      .modify((query) => {
        if (id !== undefined) query.where('id', isUuid(id) ? id : null)
      })

  async function list(): Promise<ShownReceiver[]> {
    const { rows } = await knex.raw<{ rows: ReceiverRow[] }>(SELECT_RECEIVERS)
    return (
      rows
        // One whose setting was removed has nothing to say.
        .filter(({ kind }) => !OWN_KINDS.includes(kind) || ownQueues.has(kind))
        .map((row) => toReceiver(row, ownQueues.get(row.kind)?.behind()))
    )
  }

  return {
    list,

    find: async (key: ReceiverKey): Promise<ShownReceiver | undefined> =>
      (await list()).find(({ kind, receiver }) => kind === key.kind && receiver === key.receiver),

    /** In the order in which they were added. */
    async messages(
      { kind, receiver, state }: MessageFilter,
      { limit, cursor }: PageRequest,
    ): Promise<Page<ShownMessage>> {
      const rows: MessageRow[] = await knex('outbox_messages')
        .where('seq', '>', numberOfCursor(cursor) ?? 0)
        .modify((query) => {
          if (kind !== undefined) query.where({ kind })
          if (receiver !== undefined) query.where({ receiver })
          if (state !== undefined) query.where({ state })
        })
        .orderBy('seq')
        .limit(limit + 1)
      return toPage(rows, limit, ({ seq }) => String(seq), toMessage)
    },

    /** Sends again what is dead or waits for its next attempt, one message or all of a receiver. @returns how many. */
    async retry(key: ReceiverKey, id?: string): Promise<number> {
      const again = {
        state: 'waiting',
        dead_at: null,
        attempts: 0,
        // Of one that was given up unsent, the same may wait again.
        collapse_key: null,
        next_at: knex.raw('now()'),
        created_at: knex.raw('now()'),
      }
      const count = await messagesOf(key, id).whereNull('held_by').update(again)
      const open = { closed_until: knex.raw('now()'), failing_since: null }
      await receiverRow(key).update(open)
      outbox.wake()
      return count
    },

    /** Deletes dead letters, one or all of a receiver; of a message that waits only the one that is named. @returns how many. */
    async drop(key: ReceiverKey, id?: string): Promise<number> {
      const query = messagesOf(key, id).whereNull('held_by')
      return (id === undefined ? query.where({ state: 'dead' }) : query).delete()
    },

    /** Holds everything of a receiver, also of one that paused itself. False where there is none, or an operator paused it. */
    async pause(key: ReceiverKey, by: string): Promise<boolean> {
      const paused = { paused_at: knex.raw('now()'), paused_by: by }
      const isFree = (query: Knex.QueryBuilder) =>
        void query.whereNull('paused_at').orWhere({ paused_by: PAUSED_BY_STREAM })
      return (await receiverRow(key).where(isFree).update(paused)) === 1
    },

    /** Lets it go on; the time it was paused for counts against no message. */
    async resume(key: ReceiverKey): Promise<boolean> {
      const { kind, receiver } = key
      const isResumed = await knex.transaction(async (transaction) => {
        const open = {
          paused_at: null,
          paused_by: null,
          failures: 0,
          failing_since: null,
          closed_until: knex.raw('now()'),
        }
        const count = await transaction('outbox_receivers')
          .where({ kind, receiver })
          .whereNotNull('paused_at')
          .update(open)
        const due = { next_at: knex.raw('now()'), created_at: knex.raw('now()') }
        if (count === 1) await transaction('outbox_messages').where({ kind, receiver, state: 'waiting' }).update(due)
        return count === 1
      })
      outbox.wake()
      return isResumed
    },

    ownKinds: (): ReadonlySet<string> => new Set(ownQueues.keys()),

    /** What waits and what is dead by kind, and for how many seconds the oldest has waited: for metrics. */
    async figures(): Promise<OutboxFigures> {
      const { rows } = await knex.raw<{ rows: FigureRow[] }>(SELECT_FIGURES)
      const idle = outbox.kinds().filter((kind) => !rows.some((row) => row.kind === kind))
      return [
        ...rows.map(({ kind, waiting, dead, oldest }) => ({
          kind,
          waiting: Number(waiting),
          dead: Number(dead),
          oldestSeconds: Number(oldest ?? 0),
        })),
        ...idle.map((kind) => ({ kind, waiting: 0, dead: 0, oldestSeconds: 0 })),
      ]
    },
  }
}

export type OutboxFigures = readonly {
  readonly kind: string
  readonly waiting: number
  readonly dead: number
  readonly oldestSeconds: number
}[]

type FigureRow = Readonly<Record<'kind' | 'waiting' | 'dead', string>> & { readonly oldest: string | null }

/** What is held while its receiver is paused is no backlog. */
const SELECT_FIGURES = `
  select m.kind, count(*) filter (where m.state = 'waiting') as waiting, count(*) filter (where m.state = 'dead') as dead,
    extract(epoch from now() - min(m.created_at) filter (where m.state = 'waiting' and r.paused_at is null)) as oldest
  from outbox_messages m left join outbox_receivers r on r.kind = m.kind and r.receiver = m.receiver group by m.kind`

/** Kinds whose messages are in tables of their own. */
const OWN_KINDS: readonly string[] = ['audit-webhook', 'customer-webhook']
