import type { Knex } from 'knex'

/** Whether a customer lets agents act for them, where SUPPORT_ACCESS_PERMISSION asks for it. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('alter table customers add column allows_support boolean not null default false')
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('alter table customers drop column allows_support')
}
