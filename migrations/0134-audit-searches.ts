import type { Knex } from 'knex'

/** What the trail is searched for by, newest first; the search by customer has its index already. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create index audit_entries_by_actor on audit_entries (actor, seq) where actor is not null;
    create index audit_entries_by_ip on audit_entries (ip, seq) where ip is not null;
    create index audit_entries_by_request on audit_entries (request_id, seq) where request_id is not null;
    create index audit_entries_by_sign_in on audit_entries (sign_in, seq) where sign_in is not null;
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop index audit_entries_by_sign_in;
    drop index audit_entries_by_request;
    drop index audit_entries_by_ip;
    drop index audit_entries_by_actor;
  `)
}
