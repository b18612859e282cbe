import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table signing_keys (
      kid text primary key,
      document json not null
    );
    create table key_tombstones (
      kid text primary key,
      algorithm text not null,
      removed_at bigint not null,
      revoked_at bigint
    );
    create table key_set_version (
      is_only_row boolean primary key default true check (is_only_row),
      version uuid not null default gen_random_uuid()
    );
    insert into key_set_version default values;
    create table key_nodes (
      node_id text primary key,
      kids json not null,
      seen_at bigint not null
    );
    create table key_sets (
      hash text primary key,
      kids json not null,
      first_published_at bigint not null
    );
    create table key_set_fetches (
      verifier text not null,
      address text not null,
      hash text not null,
      last_fetched_at bigint not null,
      fetches bigint not null,
      primary key (verifier, address)
    );
    create index key_set_fetches_by_age on key_set_fetches (last_fetched_at);
    create table key_usage (
      kid text primary key,
      last_signed_at bigint,
      last_seen_at bigint,
      signed bigint not null default 0,
      seen bigint not null default 0
    );
  `)
}

export async function down(knex: Knex): Promise<void> {
  for (const table of [
    'key_usage',
    'key_set_fetches',
    'key_sets',
    'key_nodes',
    'key_set_version',
    'key_tombstones',
    'signing_keys',
  ]) {
    await knex.schema.dropTable(table)
  }
}
