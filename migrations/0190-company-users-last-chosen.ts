import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  // Epoch seconds: when its customer last chose to act as it.
  await knex.raw('alter table company_users add column last_chosen_at bigint')
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('alter table company_users drop column last_chosen_at')
}
