import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table agent_second_factors (
      agent_id uuid primary key references agents (id) on delete cascade,
      sealed_secret jsonb not null,
      last_time_step bigint not null default 0,
      confirmed_at timestamptz,
      created_at timestamptz not null default now()
    );
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('agent_second_factors')
}
