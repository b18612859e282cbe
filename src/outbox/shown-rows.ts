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

/** Epoch seconds of a column. */
const at = (column: string, name: string) => `extract(epoch from ${column}) as ${name}`

export const SELECT_RECEIVERS = `
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
export type ReceiverRow = ReceiverKey & {
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

export function toReceiver(row: ReceiverRow, behind: number | undefined): ShownReceiver {
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

export type MessageRow = ReceiverKey & {
  readonly seq: string | number
  readonly id: string
  readonly state: ShownMessage['state']
  readonly created_at: Date
  readonly next_at: Date
  readonly attempts: number
  readonly dead_at: Date | null
  readonly last_failure: string | null
}

export function toMessage({ id, kind, receiver, state, attempts, ...row }: MessageRow): ShownMessage {
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
