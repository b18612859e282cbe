import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table upstreams (
      id text primary key,
      settings jsonb not null,
      sealed_secret jsonb,
      created_at timestamptz not null default now()
    );
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('upstreams')
}
