import type { Knex } from 'knex'

/** The keyed digest of the sign-in that an entry is a part of. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('alter table audit_entries add column sign_in text')
}

/** The hashes of entries that have one no longer fit, as those of all that a removed column was a part of. */
export async function down(knex: Knex): Promise<void> {
  await knex.raw('alter table audit_entries drop column sign_in')
}
