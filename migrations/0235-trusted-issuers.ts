import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table trusted_issuers (
      id text primary key,
      issuer text not null unique,
      settings jsonb not null,
      created_at timestamptz not null default now()
    );
    create index customer_upstream_links_by_subject on customer_upstream_links (issuer, subject);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop index customer_upstream_links_by_subject')
  await knex.schema.dropTable('trusted_issuers')
}
