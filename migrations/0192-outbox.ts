import type { Knex } from 'knex'

/** What waits to be sent to others: messages, the state of each receiver, and how far those have read who turn endings into messages. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table outbox_receivers (
      kind text not null,
      receiver text not null,
      paused_at timestamptz,
      paused_by text,
      -- Nothing is sent before.
      closed_until timestamptz not null default now(),
      -- Since the last success.
      failures integer not null default 0,
      failing_since timestamptz,
      last_failure text,
      last_failed_at timestamptz,
      last_delivered_at timestamptz,
      primary key (kind, receiver)
    );

    create table outbox_messages (
      seq bigint primary key generated always as identity,
      id uuid not null unique default gen_random_uuid(),
      kind text not null,
      receiver text not null,
      -- Messages of one receiver and key are sent one after the other.
      order_key text,
      -- While it waits for its first attempt, another one of the same key is not added.
      collapse_key text,
      payload jsonb not null,
      state text not null default 'waiting' check (state in ('waiting', 'dead')),
      created_at timestamptz not null default now(),
      next_at timestamptz not null default now(),
      attempts integer not null default 0,
      last_failure text,
      held_by uuid,
      held_until timestamptz,
      dead_at timestamptz
    );
    create index outbox_messages_waiting on outbox_messages (kind, receiver, seq) where state = 'waiting';
    create index outbox_messages_in_order on outbox_messages (kind, receiver, order_key, seq)
      where state = 'waiting' and order_key is not null;
    create unique index outbox_messages_collapsed on outbox_messages (kind, receiver, collapse_key)
      where state = 'waiting' and collapse_key is not null;
    create index outbox_messages_dead on outbox_messages (dead_at) where state = 'dead';

    create table outbox_cursors (
      name text primary key,
      seq bigint not null,
      held_by uuid,
      held_until timestamptz not null default now()
    );
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table outbox_cursors; drop table outbox_messages; drop table outbox_receivers')
}
