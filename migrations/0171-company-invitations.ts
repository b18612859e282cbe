import type { Knex } from 'knex'

/** Invitations to a company by its own people. The link of a letter is kept as its digest only. Epoch seconds. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table company_invitations (
      id uuid primary key default gen_random_uuid(),
      company_id uuid not null references companies (id) on delete cascade,
      company_role_id uuid references company_roles (id) on delete cascade,
      email text not null,
      email_normalized text not null,
      token_sha256 text not null unique,
      invited_by uuid not null references company_users (id) on delete cascade,
      made_at bigint not null,
      answered_at bigint,
      expires_at bigint not null
    );
    create index company_invitations_by_company on company_invitations (company_id);
    create index company_invitations_by_email on company_invitations (email_normalized);
    create index company_invitations_by_inviter on company_invitations (invited_by);
    create index company_invitations_by_expiry on company_invitations (expires_at);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('company_invitations')
}
