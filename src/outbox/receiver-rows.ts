import type { Knex } from 'knex'
import type { ReceiverKey } from './message-rows.ts'

/** A receiver for which something is due; `failures` since its last success. */
export type ReadyReceiver = ReceiverKey & { readonly failures: number }

const MOST_READY = 1000

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

export async function noteReceiverFails(
  knex: Knex,
  { kind, receiver }: ReceiverKey,
  { failure, closedMs }: { readonly failure: string; readonly closedMs: number },
): Promise<void> {
  const fails = {
    failures: knex.raw('failures + 1'),
    failing_since: knex.raw('coalesce(failing_since, now())'),
    closed_until: knex.raw("greatest(closed_until, now() + ? * interval '1 millisecond')", [closedMs]),
    last_failure: failure,
    last_failed_at: knex.raw('now()'),
  }
  await knex('outbox_receivers').where({ kind, receiver }).update(fails)
}

/** It answers, and wants none of it. */
export async function noteRefusal(knex: Knex, { kind, receiver }: ReceiverKey, failure: string): Promise<void> {
  const refuses = { failures: 0, failing_since: null, last_failure: failure, last_failed_at: knex.raw('now()') }
  await knex('outbox_receivers').where({ kind, receiver }).update(refuses)
}
