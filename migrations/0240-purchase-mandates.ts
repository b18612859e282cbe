import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  // Times are epoch seconds, amounts whole numbers of the currency's smallest unit. `expires_at` is when the row is pruned.
  await knex.raw(`
    create table purchase_mandates (
      id uuid primary key,
      seq bigint generated always as identity unique,
      grant_id text not null,
      client_id text not null,
      customer_id text not null,
      company_user_id text,
      resource text not null,
      asked jsonb not null,
      terms jsonb not null,
      version integer not null default 1,
      granted_at bigint not null,
      ends_at bigint not null,
      paused_at bigint,
      withdrawn_at bigint,
      withdrawn_by text,
      told jsonb not null default '{}',
      expires_at bigint not null
    )`)
  await knex.raw('create index purchase_mandates_grant on purchase_mandates (grant_id)')
  await knex.raw('create index purchase_mandates_customer on purchase_mandates (customer_id, seq)')
  await knex.raw('create index purchase_mandates_client on purchase_mandates (client_id, seq)')
  await knex.raw('create index purchase_mandates_expires on purchase_mandates (expires_at)')
  await knex.raw(`
    create table purchase_mandate_versions (
      mandate_id uuid not null references purchase_mandates (id) on delete cascade,
      version integer not null,
      terms jsonb not null,
      changed_at bigint not null,
      changed_by text not null,
      primary key (mandate_id, version)
    )`)
  await knex.raw(`
    create table purchase_mandate_holds (
      id uuid primary key,
      mandate_id uuid not null references purchase_mandates (id) on delete cascade,
      order_id text not null,
      state text not null,
      amount bigint not null,
      held_amount bigint not null,
      categories jsonb not null default '[]',
      merchant text,
      evidence text,
      placed_by text not null,
      held_at bigint not null,
      lapses_at bigint not null,
      settled_at bigint,
      unique (mandate_id, order_id)
    )`)
  await knex.raw(`
    create table purchase_mandate_approvals (
      mandate_id uuid not null references purchase_mandates (id) on delete cascade,
      order_id text not null,
      amount bigint not null,
      approved_at bigint not null,
      lapses_at bigint not null,
      used_at bigint,
      primary key (mandate_id, order_id)
    )`)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table purchase_mandate_approvals')
  await knex.raw('drop table purchase_mandate_holds')
  await knex.raw('drop table purchase_mandate_versions')
  await knex.raw('drop table purchase_mandates')
}
