import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table clients (
      client_id text primary key,
      metadata json not null,
      is_enabled boolean not null default true,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now()
    );
    create table client_secrets (
      client_id text not null references clients (client_id) on delete cascade,
      name text not null,
      sha256 text not null,
      expires_at timestamptz,
      created_at timestamptz not null default now(),
      primary key (client_id, name)
    );
    create table resource_servers (
      identifier text primary key,
      settings json not null,
      created_at timestamptz not null default now()
    );
    create table server_secrets (
      name text primary key,
      value text not null,
      created_at timestamptz not null default now()
    );
    -- Removed once the first boot is over: a boot that was cut off goes on where it was.
    insert into server_secrets (name, value) values ('installation', 'new');
  `)
}

export async function down(knex: Knex): Promise<void> {
  for (const table of ['server_secrets', 'resource_servers', 'client_secrets', 'clients']) {
    await knex.schema.dropTable(table)
  }
}
