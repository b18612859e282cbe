import type { Knex } from 'knex'

/**
 * The longest lifetime that access tokens were given, and until when: a token outlives a setting that was lowered, and a client that was
 * removed. Epoch seconds.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('create table access_token_lifetimes (seconds integer primary key, last_at bigint not null)')
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('access_token_lifetimes')
}
