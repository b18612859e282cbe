import type { Knex } from 'knex'

/** ID tokens are accepted as hints after their key is gone: its public half stays with the record of its removal. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('alter table key_tombstones add column public_jwk jsonb')
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('alter table key_tombstones drop column public_jwk')
}
