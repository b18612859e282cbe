import type { Knex } from 'knex'

/** Accounts that their customers want erased, until it is done or called off. Epoch seconds. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table account_deletions (
      customer_id uuid primary key references customers (id) on delete cascade,
      asked_at bigint not null,
      due_at bigint not null
    );
    create index account_deletions_by_due on account_deletions (due_at);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('account_deletions')
}
