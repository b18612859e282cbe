import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- How far a receiver of the audit trail got, and which node speaks to it: one at a time, so that the order holds.
    create table audit_deliveries (
      receiver text primary key,
      seq bigint not null,
      holder text,
      held_until timestamptz not null default now()
    );
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('audit_deliveries')
}
