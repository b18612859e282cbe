import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table administrators (
      id uuid primary key,
      email text not null,
      email_normalized text not null unique,
      name text,
      role text not null check (role in ('viewer', 'support', 'security', 'owner')),
      status text not null default 'active' check (status in ('active', 'blocked')),
      password_scheme text not null,
      password_hash text not null,
      password_salt text,
      password_changed_at timestamptz(3) not null default now(),
      created_at timestamptz(3) not null default now(),
      updated_at timestamptz not null default now()
    );
    create table admin_tokens (
      id uuid primary key,
      name text not null unique,
      sha256 text not null unique,
      role text not null check (role in ('viewer', 'support', 'security', 'owner')),
      created_by text not null,
      created_at timestamptz not null default now(),
      expires_at timestamptz not null,
      revoked_at timestamptz,
      last_used_at timestamptz
    );
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('admin_tokens')
  await knex.schema.dropTable('administrators')
}
