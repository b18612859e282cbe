import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table administrator_second_factors (
      administrator_id uuid primary key references administrators (id) on delete cascade,
      sealed_secret jsonb not null,
      last_time_step bigint not null default 0,
      confirmed_at timestamptz,
      created_at timestamptz not null default now()
    );
    create table administrator_recovery_codes (
      administrator_id uuid not null references administrators (id) on delete cascade,
      sha256 text not null,
      created_at timestamptz not null default now(),
      primary key (administrator_id, sha256)
    );
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('administrator_recovery_codes')
  await knex.schema.dropTable('administrator_second_factors')
}
