import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  // Epoch seconds: when its customer left the company of their own accord. Only they can come back, by an invitation.
  await knex.raw('alter table company_users add column left_at bigint')
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('alter table company_users drop column left_at')
}
