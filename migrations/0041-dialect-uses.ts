import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table dialect_uses (
      dialect text not null,
      client_id text not null,
      day date not null,
      count bigint not null,
      primary key (dialect, client_id, day)
    );
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('dialect_uses')
}
