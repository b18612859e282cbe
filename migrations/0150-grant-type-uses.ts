import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table grant_type_uses (
      grant_type text not null,
      client_id text not null,
      day date not null,
      count bigint not null,
      primary key (grant_type, client_id, day)
    );
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('grant_type_uses')
}
