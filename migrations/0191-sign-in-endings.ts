import type { Knex } from 'knex'

/**
 * The log of endings. A row is written before the ending takes effect and gets its place (`seq`) when it has: places are given under the
 * lock of one row, so that no place becomes visible after a later one.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table sign_in_endings (
      id uuid primary key,
      -- Null until the ending took effect.
      seq bigint unique,
      what text not null,
      why text not null,
      "by" text,
      account_id text,
      client_id text,
      grant_id text,
      session_id text,
      company_user_id text,
      jti text,
      token_id text,
      token_kind text,
      request_id text,
      -- Epoch milliseconds, all three. Without a cut-off, an ending of many sign-ins takes the instant at which it takes effect.
      cut_off_ms bigint,
      at_ms bigint not null,
      until_ms bigint not null,
      -- The id of a stored token or session, sealed, while it may be needed to end it again.
      sealed text,
      announced_at timestamptz not null default now(),
      settled_at timestamptz
    );
    create index sign_in_endings_unsettled on sign_in_endings (announced_at) where seq is null;
    create index sign_in_endings_until on sign_in_endings (until_ms) where seq is not null;

    create table sign_in_endings_head (
      one boolean primary key default true check (one),
      -- The last place that was given.
      seq bigint not null default 0,
      -- Rows up to this place may have been removed.
      floor bigint not null default 0
    );
    insert into sign_in_endings_head default values;
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table sign_in_endings_head; drop table sign_in_endings')
}
