import type { Knex } from 'knex'
import type { ReceiverKey } from './message-rows.ts'

/** A receiver for which something is due; `failures` since its last success. */
export type ReadyReceiver = ReceiverKey & { readonly failures: number }

const MOST_READY = 1000

/** In the place of an operator's name where the receiver itself holds back what waits for it. */
export const PAUSED_BY_STREAM = 'stream'

/** Receivers of these kinds that are open and have messages that nobody holds. */
export async function readyReceivers(knex: Knex, kinds: readonly string[]): Promise<ReadyReceiver[]> {
  const { rows } = await knex.raw<{ rows: ReadyReceiver[] }>(
    `select r.kind, r.receiver, r.failures from outbox_receivers r
     where r.kind = any (?) and r.paused_at is null and r.closed_until <= now() and exists (
       select 1 from outbox_messages m where m.kind = r.kind and m.receiver = r.receiver and m.state = 'waiting'
         and m.next_at <= now() and (m.held_until is null or m.held_until < now()))
     order by r.failures > 0, r.closed_until limit ?`,
    [[...kinds], MOST_READY],
  )
  return rows
}

/** Receivers of these kinds that have messages of whatever state. */
export async function knownReceivers(knex: Knex, kinds: readonly string[]): Promise<ReceiverKey[]> {
  const { rows } = await knex.raw<{ rows: ReceiverKey[] }>(
    `select r.kind, r.receiver from outbox_receivers r where r.kind = any (?) and (r.paused_at is not null or exists (
       select 1 from outbox_messages m where m.kind = r.kind and m.receiver = r.receiver))`,
    [[...kinds]],
  )
  return rows
}

export async function noteReceiverWorks(knex: Knex, { kind, receiver }: ReceiverKey): Promise<void> {
  const works = {
    failures: 0,
    failing_since: null,
    closed_until: knex.raw('now()'),
    last_delivered_at: knex.raw('now()'),
  }
  await knex('outbox_receivers').where({ kind, receiver }).update(works)
}

/**
 * Counts a failure, and leaves the receiver alone for as long as `closedMs` says of so many in a row.
 *
 * @returns how many in a row.
 */
export async function noteReceiverFails(
  knex: Knex,
  { kind, receiver }: ReceiverKey,
  { failure, closedMs }: { readonly failure: string; readonly closedMs: (failures: number) => number },
): Promise<number> {
  return knex.transaction(async (transaction) => {
    const row = await transaction('outbox_receivers')
      .where({ kind, receiver })
      .forUpdate()
      .first<{ failures: number } | undefined>('failures')
    const failures = (row?.failures ?? 0) + 1
    const fails = {
      failures,
      failing_since: transaction.raw('coalesce(failing_since, now())'),
      closed_until: transaction.raw("greatest(closed_until, now() + ? * interval '1 millisecond')", [
        closedMs(failures),
      ]),
      last_failure: failure,
      last_failed_at: transaction.raw('now()'),
    }
    await transaction('outbox_receivers').where({ kind, receiver }).update(fails)
    return failures
  })
}

/** Whether something may be sent to it now. */
export async function isOpen(knex: Knex, { kind, receiver }: ReceiverKey): Promise<boolean> {
  const row = await knex('outbox_receivers')
    .where({ kind, receiver })
    .whereNull('paused_at')
    .whereRaw('closed_until <= now()')
    .first('kind')
  return row !== undefined
}

/** Has a row for a receiver whose messages are in a table of their own. */
export async function knowReceiver(knex: Knex, { kind, receiver }: ReceiverKey): Promise<void> {
  await knex('outbox_receivers').insert({ kind, receiver }).onConflict(['kind', 'receiver']).ignore()
}

/** It answers, and wants none of it. */
export async function noteRefusal(knex: Knex, { kind, receiver }: ReceiverKey, failure: string): Promise<void> {
  const refuses = { failures: 0, failing_since: null, last_failure: failure, last_failed_at: knex.raw('now()') }
  await knex('outbox_receivers').where({ kind, receiver }).update(refuses)
}
