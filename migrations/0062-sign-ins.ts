import type { Knex } from 'knex'

/** Sign-ins by customer, by client and by grant: a small part of the trail, which operators list. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create index audit_sign_ins_by_customer on audit_entries (customer_id, seq)
      where type = 'token.issued' and reason <> 'refresh_token' and grant_id is not null;
    create index audit_sign_ins_by_client on audit_entries (client_id, seq)
      where type = 'token.issued' and reason <> 'refresh_token' and grant_id is not null;
    create index audit_sign_ins_by_grant on audit_entries (grant_id, seq)
      where type = 'token.issued' and reason <> 'refresh_token' and grant_id is not null;
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop index audit_sign_ins_by_customer;
    drop index audit_sign_ins_by_client;
    drop index audit_sign_ins_by_grant;
  `)
}
