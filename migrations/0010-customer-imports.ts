import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table customer_imports (
      id uuid primary key,
      name text not null,
      line integer not null default 0,
      created integer not null default 0,
      updated integer not null default 0,
      refused integer not null default 0,
      started_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      finished_at timestamptz
    );
    create index customer_imports_by_name on customer_imports (name, started_at);
    create table customer_import_problems (
      import_id uuid not null references customer_imports (id) on delete cascade,
      line integer not null,
      customer_reference text,
      reason text not null,
      primary key (import_id, line)
    );
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('customer_import_problems')
  await knex.schema.dropTable('customer_imports')
}
