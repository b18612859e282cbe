import type { Knex } from 'knex'

/** What agents search customers by: the beginning of an address or a name. Indexes by pattern serve LIKE in every locale. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create index customers_by_email_prefix on customers (email_normalized text_pattern_ops);
    create index customers_by_given_name_prefix on customers (lower(given_name) text_pattern_ops);
    create index customers_by_family_name_prefix on customers (lower(family_name) text_pattern_ops);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop index customers_by_email_prefix;
    drop index customers_by_given_name_prefix;
    drop index customers_by_family_name_prefix;
  `)
}
