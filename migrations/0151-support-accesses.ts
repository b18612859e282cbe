import type { Knex } from 'knex'

/**
 * A row for each access of an agent to a customer's account, written before there is a token of it; and the one row of the
 * switch, which every access asks under a lock. Instants are epoch seconds, as in every table that is pruned.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table support_accesses (
      seq bigint generated always as identity primary key,
      id uuid not null unique default gen_random_uuid(),
      agent_id uuid not null,
      agent_email text not null,
      -- Customers can live in the shop: no row of ours is referred to.
      customer_id text not null,
      client_id text not null,
      resource text not null,
      scope text not null,
      reason text,
      asked_at bigint not null,
      approved_at bigint,
      approved_by text,
      begun_at bigint,
      ends_at bigint,
      grant_id text,
      ended_at bigint,
      ended_by text,
      end_cause text,
      expires_at bigint not null
    );
    create index support_accesses_by_customer on support_accesses (customer_id, seq);
    create index support_accesses_by_agent on support_accesses (agent_id, seq);
    create index support_accesses_by_expiry on support_accesses (expires_at);
    create index support_accesses_by_end on support_accesses (ends_at) where begun_at is not null and ended_at is null;

    create table support_access_switch (
      id boolean primary key default true check (id),
      is_on boolean not null,
      changed_at bigint,
      changed_by text
    );
    insert into support_access_switch (is_on) values (true);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('support_access_switch')
  await knex.schema.dropTable('support_accesses')
}
