import type { Knex } from 'knex'

/** Signals of streams that are polled, until they are acknowledged; and those that a receiver could not take. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table signal_mailboxes (
      seq bigint primary key generated always as identity,
      stream_id uuid not null references signal_streams (stream_id) on delete cascade,
      jti uuid not null,
      payload jsonb not null,
      -- Told although the stream is paused: that it is.
      is_notice boolean not null default false,
      state text not null default 'waiting' check (state in ('waiting', 'refused')),
      -- What the receiver said of it (RFC 8936 §2.6).
      err text,
      description text,
      created_at timestamptz not null default now(),
      refused_at timestamptz,
      unique (stream_id, jti)
    );
    create index signal_mailboxes_waiting on signal_mailboxes (stream_id, seq) where state = 'waiting';
    create index signal_mailboxes_by_age on signal_mailboxes (created_at);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table signal_mailboxes')
}
