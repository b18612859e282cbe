import type { Knex } from 'knex'

/** An import counts customers of whom it changed nothing apart from those whom it brought up to date. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('alter table customer_imports add column unchanged integer not null default 0')
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('alter table customer_imports drop column unchanged')
}
