import type { Knex } from 'knex'

/** Streams of the Shared Signals Framework: who is told of what, and how. A client has one at most. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table signal_streams (
      stream_id uuid primary key,
      client_id text not null unique references clients (client_id) on delete cascade,
      -- Null: every event that there is.
      events_requested jsonb,
      method text not null check (method in ('push', 'poll')),
      -- Of push alone.
      endpoint_url text,
      sealed_authorization jsonb,
      description text,
      status text not null default 'enabled' check (status in ('enabled', 'paused', 'disabled')),
      reason text,
      -- The last time that a verification was asked for.
      verified_at timestamptz,
      -- The last time that a poll stream was polled, or that it became one.
      polled_at timestamptz not null default now(),
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now()
    );
    -- Subjects that a receiver does not want to hear of, by every name that they may have in a signal.
    create table signal_stream_exclusions (
      stream_id uuid not null references signal_streams (stream_id) on delete cascade,
      subject_key text collate "C" not null,
      created_at timestamptz not null default now(),
      primary key (stream_id, subject_key)
    );
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table signal_stream_exclusions; drop table signal_streams')
}
