import type { Knex } from 'knex'

/** The browser session that a sign-out everywhere left alone, because its own customer asked for it there; by the name that is in no cookie. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('alter table sign_in_endings add column kept_session_uid text')
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('alter table sign_in_endings drop column kept_session_uid')
}
