import type { Knex } from 'knex'
import type { Mailbox } from './mailbox.ts'
import { NOTICE_KIND, SIGNAL_KIND } from './tell.ts'

/** How the delivery of a stream stands, for operators. */
export type StreamState = {
  /** Signals that are to be pushed or polled. */
  readonly waiting: number
  /** Signals that could not be delivered for good: dead letters of the outbox, and those that a receiver that polls could not take. */
  readonly undelivered: number
  /** What the last failed attempt came to. */
  readonly lastFailure?: string
  readonly lastDeliveredAt?: Date
}

type Receiver = { readonly last_failure: string | null; readonly last_delivered_at: Date | null }

export function createStreamState({
  knex,
  mailbox,
}: {
  readonly knex: Knex
  readonly mailbox: Pick<Mailbox, 'counts'>
}) {
  return async function streamState(streamId: string): Promise<StreamState> {
    const [mail, rows, receiver] = await Promise.all([
      mailbox.counts(streamId),
      knex('outbox_messages')
        .where({ receiver: streamId })
        .whereIn('kind', [SIGNAL_KIND, NOTICE_KIND])
        .groupBy('state')
        .select('state')
        .count<{ state: string; count: string }[]>('*'),
      knex('outbox_receivers')
        .where({ kind: SIGNAL_KIND, receiver: streamId })
        .first<Receiver | undefined>('last_failure', 'last_delivered_at'),
    ])
    const queued = (state: string) => Number(rows.find((row) => row.state === state)?.count ?? 0)
    return {
      waiting: mail.waiting + queued('waiting'),
      undelivered: mail.refused + queued('dead'),
      ...(receiver?.last_failure && { lastFailure: receiver.last_failure }),
      ...(receiver?.last_delivered_at && { lastDeliveredAt: receiver.last_delivered_at }),
    }
  }
}
