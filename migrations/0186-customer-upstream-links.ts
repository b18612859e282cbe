import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table customer_upstream_links (
      id uuid primary key default gen_random_uuid(),
      -- Customers can live in the shop: no row of ours is referred to.
      customer_id text not null,
      upstream_id text not null,
      issuer text not null,
      subject text not null,
      email text,
      email_trust text not null,
      linked_at timestamptz not null default now(),
      last_used_at timestamptz not null default now(),
      unique (upstream_id, issuer, subject)
    );
    create index customer_upstream_links_by_customer on customer_upstream_links (customer_id);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('customer_upstream_links')
}
