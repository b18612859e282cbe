import type { Knex } from 'knex'

/** Resource servers say whether clients may have tokens of their own for them. Those that are there gave them to every client. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`update resource_servers set settings = (settings::jsonb || '{"hasMachineTokens": true}')::json`)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`update resource_servers set settings = (settings::jsonb - 'hasMachineTokens')::json`)
}
