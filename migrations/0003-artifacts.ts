import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table artifacts (
      kind text not null,
      id text not null,
      artifact json not null,
      version integer not null default 0,
      consumed_at bigint,
      expires_at bigint not null,
      uid text,
      user_code text,
      receipt text,
      receipt_expires_at bigint,
      primary key (kind, id)
    );
    create index artifacts_by_expiry on artifacts (expires_at);
    create index artifacts_by_uid on artifacts (kind, uid) where uid is not null;
    create index artifacts_by_user_code on artifacts (kind, user_code) where user_code is not null;
    create table counters (
      key text primary key,
      count integer not null,
      expires_at bigint not null
    );
    create index counters_by_expiry on counters (expires_at);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('counters')
  await knex.schema.dropTable('artifacts')
}
