import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table registration_keys (
      sha256 text primary key,
      customer_id uuid not null references customers (id) on delete cascade,
      expires_at timestamptz not null,
      created_at timestamptz not null default now()
    );
    create index registration_keys_by_customer on registration_keys (customer_id);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('registration_keys')
}
