import type { Knex } from 'knex'

/**
 * WebAuthn credentials of customers. An id of a credential is unique over all of them: a second person who brings it is
 * refused. Whoever loses a passkey has other credentials than before, as with a new password: a sign-in that waits for its
 * browser, and links that were sent, no longer count.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table passkeys (
      id uuid primary key default gen_random_uuid(),
      customer_id uuid not null references customers (id) on delete cascade,
      credential_id text collate "C" not null unique,
      user_handle text not null,
      public_key text not null,
      sign_count bigint not null,
      transports jsonb not null,
      aaguid uuid not null,
      name text,
      is_backup_eligible boolean not null,
      is_backed_up boolean not null,
      is_user_verified boolean not null,
      created_at timestamptz not null default now(),
      last_used_at timestamptz
    );
    create index passkeys_of_customer on passkeys (customer_id, created_at, id);

    create function raise_credential_generation_of_owners() returns trigger language plpgsql as $$
    begin
      update customers set credential_generation = credential_generation + 1
      where id in (select customer_id from gone);
      return null;
    end $$;
    create trigger passkeys_removed after delete on passkeys
      referencing old table as gone for each statement execute function raise_credential_generation_of_owners();
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table passkeys;
    drop function raise_credential_generation_of_owners();
  `)
}
