import type { Knex } from 'knex'
import { numberOfCursor, type Page, type PageRequest, toPage } from '../database/page.ts'
import { isUuid } from '../database/uuid.ts'
import type { ReceiverKey } from './message-rows.ts'

/** A receiver as operators see it. Instants are epoch seconds. */
export type ShownReceiver = ReceiverKey & {
  readonly state: 'working' | 'failing' | 'paused'
  readonly waiting: number
  readonly dead: number
  /** Since when the oldest that waits has waited; unknown of a queue with a table of its own. */
  readonly oldestAt?: number
  readonly failures: number
  readonly failingSince?: number
  readonly nextAttemptAt?: number
  readonly lastFailure?: string
  readonly lastFailedAt?: number
  readonly lastDeliveredAt?: number
  readonly pausedAt?: number
  readonly pausedBy?: string
}

/** A message as operators see it, without what it says. */
export type ShownMessage = ReceiverKey & {
  readonly id: string
  readonly state: 'waiting' | 'dead'
  readonly createdAt: number
  readonly attempts: number
  readonly nextAttemptAt?: number
  readonly deadAt?: number
  readonly lastFailure?: string
}

export type MessageFilter = Partial<ReceiverKey> & { readonly state?: ShownMessage['state'] | undefined }

/** A queue with a table of its own, of which nothing is dropped. */
export type OwnQueue = { readonly behind: () => number }

export type OutboxOperations = ReturnType<typeof createOutboxOperations>

export type OutboxOperationsDeps = {
  readonly knex: Knex
  /** Queues that are in tables of their own, by their kind. */
  readonly ownQueues: ReadonlyMap<string, OwnQueue>
  /** What an operator changed has an effect at once. */
  readonly wake: () => void
}

/** What operators see of the outbox, and do with it. */
export function createOutboxOperations({ knex, ownQueues, wake }: OutboxOperationsDeps) {
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
        next_at: knex.raw('now()'),
        created_at: knex.raw('now()'),
      }
      const count = await messagesOf(key, id).whereNull('held_by').update(again)
      const open = { closed_until: knex.raw('now()'), failing_since: null }
      await receiverRow(key).update(open)
      wake()
      return count
    },

    /** Deletes dead letters, one or all of a receiver; of a message that waits only the one that is named. @returns how many. */
    async drop(key: ReceiverKey, id?: string): Promise<number> {
      const query = messagesOf(key, id).whereNull('held_by')
      return (id === undefined ? query.where({ state: 'dead' }) : query).delete()
    },

    /** Holds everything of a receiver. False where there is none, or it is paused. */
    async pause(key: ReceiverKey, by: string): Promise<boolean> {
      const paused = { paused_at: knex.raw('now()'), paused_by: by }
      return (await receiverRow(key).whereNull('paused_at').update(paused)) === 1
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
      wake()
      return isResumed
    },

    ownKinds: (): ReadonlySet<string> => new Set(ownQueues.keys()),

    /** What waits and what is dead by kind, and for how many seconds the oldest has waited: for metrics. */
    async figures(): Promise<OutboxFigures> {
      const { rows } = await knex.raw<{ rows: FigureRow[] }>(SELECT_FIGURES)
      return rows.map(({ kind, waiting, dead, oldest }) => ({
        kind,
        waiting: Number(waiting),
        dead: Number(dead),
        oldestSeconds: Number(oldest ?? 0),
      }))
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

/** Epoch seconds of a column. */
const at = (column: string, name: string) => `extract(epoch from ${column}) as ${name}`

const SELECT_RECEIVERS = `
  select r.kind, r.receiver, r.failures, r.last_failure, r.paused_by, ${at('r.paused_at', 'paused_at')},
    ${at('r.failing_since', 'failing_since')}, ${at('r.closed_until', 'closed_until')},
    ${at('r.last_failed_at', 'last_failed_at')}, ${at('r.last_delivered_at', 'last_delivered_at')},
    coalesce(m.waiting, 0) as waiting, coalesce(m.dead, 0) as dead, ${at('m.oldest_at', 'oldest_at')}
  from outbox_receivers r left join (
    select kind, receiver, count(*) filter (where state = 'waiting') as waiting, count(*) filter (where state = 'dead') as dead,
      min(created_at) filter (where state = 'waiting') as oldest_at
    from outbox_messages group by kind, receiver) m on m.kind = r.kind and m.receiver = r.receiver
  order by coalesce(m.dead, 0) > 0 desc, r.failures > 0 desc, r.kind, r.receiver`

type Seconds = string | number | null
type ReceiverRow = ReceiverKey & {
  readonly failures: number
  readonly waiting: string
  readonly dead: string
  readonly last_failure: string | null
  readonly paused_by: string | null
} & Readonly<
    Record<
      'paused_at' | 'failing_since' | 'closed_until' | 'last_failed_at' | 'last_delivered_at' | 'oldest_at',
      Seconds
    >
  >

function toReceiver(row: ReceiverRow, behind: number | undefined): ShownReceiver {
  const { kind, receiver, failures, last_failure: lastFailure, paused_by: pausedBy } = row
  const isPaused = row.paused_at !== null
  return {
    kind,
    receiver,
    state: isPaused ? 'paused' : failures > 0 ? 'failing' : 'working',
    waiting: behind ?? Number(row.waiting),
    dead: Number(row.dead),
    failures,
    ...instant('oldestAt', row.oldest_at),
    ...instant('failingSince', row.failing_since),
    ...(failures > 0 && !isPaused && instant('nextAttemptAt', row.closed_until)),
    ...(lastFailure !== null && { lastFailure }),
    ...instant('lastFailedAt', row.last_failed_at),
    ...instant('lastDeliveredAt', row.last_delivered_at),
    ...instant('pausedAt', row.paused_at),
    ...(pausedBy !== null && { pausedBy }),
  }
}

type MessageRow = ReceiverKey & {
  readonly seq: string | number
  readonly id: string
  readonly state: ShownMessage['state']
  readonly created_at: Date
  readonly next_at: Date
  readonly attempts: number
  readonly dead_at: Date | null
  readonly last_failure: string | null
}

function toMessage({ id, kind, receiver, state, attempts, ...row }: MessageRow): ShownMessage {
  const seconds = (date: Date) => Math.floor(date.getTime() / 1000)
  return {
    id,
    kind,
    receiver,
    state,
    createdAt: seconds(row.created_at),
    attempts,
    ...(state === 'waiting' && { nextAttemptAt: seconds(row.next_at) }),
    ...(row.dead_at !== null && { deadAt: seconds(row.dead_at) }),
    ...(row.last_failure !== null && { lastFailure: row.last_failure }),
  }
}

function instant<Name extends string>(name: Name, seconds: Seconds): { [Key in Name]?: number } {
  // One member, or none.
  return (seconds === null ? {} : { [name]: Math.floor(Number(seconds)) }) as { [Key in Name]?: number }
}
