import type { Knex } from 'knex'

/** What a change of address is undone with: the owner of the former address has a week. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table customer_email_changes (
      id bigint primary key generated always as identity,
      customer_id uuid not null references customers (id) on delete cascade,
      token_sha256 text not null unique,
      email_before text not null,
      was_verified boolean not null,
      changed_at timestamptz not null default now()
    );
    create index customer_email_changes_by_customer on customer_email_changes (customer_id);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('customer_email_changes')
}
