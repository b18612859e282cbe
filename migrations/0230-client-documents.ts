import type { Knex } from 'knex'

/**
 * The last good version of each client metadata document, for all nodes, and the hosts and addresses that operators blocked.
 * Instants are epoch seconds; `expires_at` is when a document that nobody uses is forgotten.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table client_documents (
      client_id text primary key,
      host text not null,
      metadata json not null,
      digest text not null,
      fresh_until bigint not null,
      first_seen_at bigint not null,
      last_used_at bigint not null,
      consented_at bigint,
      expires_at bigint not null)`)
  await knex.raw('create index client_documents_by_host on client_documents (host)')
  await knex.raw('create index client_documents_by_expiry on client_documents (expires_at)')
  await knex.raw(`
    create table client_document_blocks (
      target text primary key,
      blocked_by text not null,
      created_at bigint not null,
      reason text)`)
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('client_document_blocks')
  await knex.schema.dropTable('client_documents')
}
