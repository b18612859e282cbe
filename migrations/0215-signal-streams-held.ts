import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  // An operator paused or disabled it: its receiver cannot enable it.
  await knex.raw('alter table signal_streams add column is_held boolean not null default false')
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('alter table signal_streams drop column is_held')
}
