import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table storage_marks (
      name text primary key,
      at_ms bigint not null
    )
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('storage_marks')
}
