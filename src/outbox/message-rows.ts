import type { Knex } from 'knex'
import { prepared } from '../database/prepared.ts'
import type { Message, NewMessage, Payload } from './message.ts'

/** A queue: the messages of one kind to one receiver. */
export type ReceiverKey = { readonly kind: string; readonly receiver: string }

/** Messages that this node holds for a while. */
export type Held = { readonly holder: string; readonly heldMs: number }

/** Receivers first, in one order, so that two that add to the same do not wait for each other. */
const ENQUEUE = `
  with asked as materialized (
    select value ->> 'kind' as kind, value ->> 'receiver' as receiver, value ->> 'orderKey' as order_key,
      value ->> 'collapseKey' as collapse_key, value -> 'payload' as payload, place
    from jsonb_array_elements(?::jsonb) with ordinality as each (value, place)),
  known as (
    insert into outbox_receivers (kind, receiver)
    select distinct kind, receiver from asked order by kind, receiver on conflict do nothing)
  insert into outbox_messages (kind, receiver, order_key, collapse_key, payload)
  select kind, receiver, order_key, collapse_key, payload from asked order by place
  on conflict (kind, receiver, collapse_key) where state = 'waiting' and collapse_key is not null do nothing`

/**
 * Takes due messages of a receiver that is open, of each order key its first. What is held is not collapsed into any more: the receiver
 * may have it already.
 */
const CLAIM = `
  with due as (
    select message.seq from outbox_messages message
    where message.kind = :kind and message.receiver = :receiver and message.state = 'waiting'
      and message.next_at <= now() and (message.held_until is null or message.held_until < now())
      and exists (select 1 from outbox_receivers r where r.kind = :kind and r.receiver = :receiver
        and r.paused_at is null and r.closed_until <= now())
      and (message.order_key is null or not exists (
        select 1 from outbox_messages earlier where earlier.kind = :kind and earlier.receiver = :receiver
          and earlier.state = 'waiting' and earlier.order_key = message.order_key and earlier.seq < message.seq))
    order by message.seq limit :limit for update skip locked)
  update outbox_messages message
  set held_by = :holder, held_until = now() + :heldMs * interval '1 millisecond', collapse_key = null
  from due where message.seq = due.seq
  returning message.seq, message.id, message.kind, message.receiver, message.payload, message.attempts, message.created_at`

type Row = {
  readonly seq: string | number
  readonly id: string
  readonly kind: string
  readonly receiver: string
  readonly payload: Payload
  readonly attempts: number
  readonly created_at: Date
}

export async function insertMessages(knex: Knex, messages: readonly NewMessage[]): Promise<void> {
  if (messages.length > 0) await prepared(knex, ENQUEUE, [JSON.stringify(messages)])
}

export async function claimMessages(
  knex: Knex,
  queue: ReceiverKey,
  { limit, holder, heldMs }: Held & { readonly limit: number },
): Promise<Message[]> {
  const { kind, receiver } = queue
  const { rows } = await prepared<{ rows: Row[] }>(knex, CLAIM, { kind, receiver, limit, holder, heldMs })
  return rows
    .toSorted((a, b) => Number(a.seq) - Number(b.seq))
    .map(({ id, payload, attempts, created_at }) => ({
      id,
      kind,
      receiver,
      payload,
      attempts,
      createdAtMs: created_at.getTime(),
    }))
}

/** Deletes what was delivered, also where the time of holding it is over. */
export async function removeMessages(knex: Knex, ids: readonly string[]): Promise<void> {
  if (ids.length > 0)
    await knex('outbox_messages')
      .whereIn('id', [...ids])
      .delete()
}

/** A failed attempt, of a message that this node still holds; without `afterMs` the message is a dead letter now. */
export async function noteFailure(
  knex: Knex,
  holder: string,
  { id, failure, afterMs }: { readonly id: string; readonly failure: string; readonly afterMs?: number },
): Promise<void> {
  const next =
    afterMs === undefined
      ? { state: 'dead', dead_at: knex.raw('now()') }
      : { next_at: knex.raw("now() + ? * interval '1 millisecond'", [afterMs]) }
  await knex('outbox_messages')
    .where({ id, held_by: holder })
    .update({ ...next, attempts: knex.raw('attempts + 1'), last_failure: failure, held_by: null, held_until: null })
}

/** Removes everything of a receiver that is gone, the receiver included. @returns how many messages. */
export async function forgetReceiver(knex: Knex, { kind, receiver }: ReceiverKey): Promise<number> {
  const removed = await knex('outbox_messages').where({ kind, receiver }).delete()
  await knex('outbox_receivers').where({ kind, receiver }).delete()
  return removed
}

/** Deletes dead letters that are older. */
export async function pruneDead(knex: Knex, olderThanMs: number): Promise<void> {
  await knex('outbox_messages')
    .where({ state: 'dead' })
    .whereRaw("dead_at < now() - ? * interval '1 millisecond'", [olderThanMs])
    .delete()
}

/** Messages that are too old, of receivers that fail for too long, become dead letters. @returns how many, by kind. */
export async function giveUpOld(knex: Knex, olderThanMs: number): Promise<ReadonlyMap<string, number>> {
  const { rows } = await knex.raw<{ rows: { kind: string }[] }>(
    `update outbox_messages message set state = 'dead', dead_at = now(), held_by = null, held_until = null, collapse_key = null,
       last_failure = coalesce(message.last_failure, r.last_failure)
     from outbox_receivers r
     where message.state = 'waiting' and r.kind = message.kind and r.receiver = message.receiver and r.paused_at is null
       and r.failing_since < now() - :olderThanMs * interval '1 millisecond'
       and message.created_at < now() - :olderThanMs * interval '1 millisecond'
       and (message.held_until is null or message.held_until < now())
     returning message.kind`,
    { olderThanMs },
  )
  return new Map([...Map.groupBy(rows, ({ kind }) => kind)].map(([kind, each]) => [kind, each.length]))
}
