import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Tokens with which software may register itself (RFC 7591 §3), as digests.
    create table initial_access_tokens (
      id uuid primary key,
      name text not null unique,
      sha256 text not null unique,
      scopes json,
      max_uses integer not null check (max_uses > 0),
      uses integer not null default 0,
      created_by text not null,
      created_at timestamptz not null default now(),
      expires_at timestamptz not null,
      revoked_at timestamptz
    );
    -- Clients that registered themselves, with the digest of the token by which they look after that (RFC 7592).
    create table client_registrations (
      client_id text primary key references clients (client_id) on delete cascade,
      token_sha256 text not null unique,
      initial_token_id uuid references initial_access_tokens (id) on delete set null,
      created_at timestamptz not null default now()
    );
    create index client_registrations_created_at on client_registrations (created_at);
  `)
}

export async function down(knex: Knex): Promise<void> {
  for (const table of ['client_registrations', 'initial_access_tokens']) await knex.schema.dropTable(table)
}
