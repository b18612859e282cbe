import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table audit_entries (
      seq bigint primary key,
      at timestamptz(3) not null,
      type text not null,
      actor text,
      customer_id text,
      client_id text,
      grant_id text,
      ip text,
      request_id text,
      reason text,
      hash text not null
    );
    create index audit_entries_by_customer on audit_entries (customer_id, seq);
    create index audit_entries_by_type on audit_entries (type, seq);
    create index audit_entries_by_time on audit_entries (at);
    -- One row. Writers lock it, so that the chain has one order over all nodes; kept_* is where the chain starts since
    -- older entries were removed.
    create table audit_head (
      id integer primary key check (id = 1),
      seq bigint not null,
      hash text not null,
      kept_after_seq bigint not null,
      kept_after_hash text not null
    );
    insert into audit_head values (1, 0, 'vestibule audit', 0, 'vestibule audit');
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('audit_head')
  await knex.schema.dropTable('audit_entries')
}
