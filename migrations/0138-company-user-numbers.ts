import type { Knex } from 'knex'

/** The shop's own number of a company user: tokens that the shop mints name it, and not the id. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('alter table company_users add column id_company_user integer')
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('alter table company_users drop column id_company_user')
}
