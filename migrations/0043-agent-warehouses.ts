import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw('alter table agents add column id_warehouse integer check (id_warehouse > 0);')
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('alter table agents drop column id_warehouse;')
}
