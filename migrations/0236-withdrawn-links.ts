import type { Knex } from 'knex'

/** From which clients a customer has taken back what they had: a statement of somebody else about the customer does not bring it back. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table withdrawn_links (
      customer_id text not null,
      client_id text not null,
      -- Epoch milliseconds.
      at_ms bigint not null,
      primary key (customer_id, client_id)
    );
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('withdrawn_links')
}
