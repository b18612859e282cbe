import type { Knex } from 'knex'

/** What older versions ask before they use a database that a newer one has changed. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table contractions (
      migration text primary key,
      needs text not null
    )
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('contractions')
}
