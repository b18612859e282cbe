import type { Knex } from 'knex'

/**
 * Tokens on record: a row for each token that was issued, written once and never changed, and a row for each ending.
 * Which ending ended a token is found when it is looked up: one row can end a million tokens.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table token_records (
      seq bigint generated always as identity,
      -- Epoch seconds, as in every table that is pruned; the others are epoch milliseconds.
      expires_at bigint not null,
      issued_at_ms bigint not null,
      granted_at_ms bigint,
      place integer,
      replaced_place integer,
      kind text not null,
      -- The jti of a JWT, else a digest: never a value.
      token_id text not null,
      client_id text not null,
      account_id text,
      grant_id text,
      parent_grant_id text,
      grant_client_id text,
      company_user_id text,
      agent_id text,
      -- What is pruned is found by it. An index on seq alone would be taken for lists of a client, and read past the
      -- tokens of all others.
      primary key (expires_at, seq)
    );
    -- Looked up by equality only: a hash index has a third of the size for ids of this length.
    create index token_records_by_token on token_records using hash (token_id);
    create index token_records_by_grant on token_records (grant_id, seq) where grant_id is not null;
    create index token_records_by_account on token_records (account_id, seq) where account_id is not null;
    create index token_records_by_client on token_records (client_id, seq);

    create table token_endings (
      seq bigint generated always as identity,
      -- When the last token that it can have ended expires.
      expires_at bigint not null,
      at_ms bigint not null,
      until_ms bigint,
      subject text not null,
      cause text not null,
      ended_by text,
      primary key (expires_at, seq)
    );
    create index token_endings_by_subject on token_endings (subject);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('token_endings')
  await knex.schema.dropTable('token_records')
}
