import type { Knex } from 'knex'

/**
 * Links of customers with software of others: what each grant was last used for, and what the customer was shown and allowed. Rows
 * are written beside the grants, which are in storage, and never say whether one is alive. No column is a bearer value.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table client_links (
      grant_id text primary key,
      customer_id text not null,
      client_id text not null,
      -- Epoch milliseconds of the last use, from where and for what.
      used_at_ms bigint,
      used_ip text,
      used_for text,
      -- Days since 1970 of the last use that the trail tells of.
      told_day integer,
      -- Epoch seconds.
      expires_at bigint not null
    );
    create index client_links_by_customer on client_links (customer_id, client_id);
    create index client_links_expiry on client_links (expires_at);

    create table link_consents (
      id text primary key,
      grant_id text not null,
      customer_id text not null,
      client_id text not null,
      at_ms bigint not null,
      -- What the page said, in which language (BCP 47), and its digest (SHA-256).
      language text not null,
      said text not null,
      digest text not null,
      -- What was allowed by it, separated by blanks.
      scopes text not null,
      -- Epoch seconds.
      expires_at bigint not null
    );
    create index link_consents_by_customer on link_consents (customer_id, client_id, at_ms);
    create index link_consents_expiry on link_consents (expires_at);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table link_consents')
  await knex.raw('drop table client_links')
}
