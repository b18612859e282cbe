import type { Knex } from 'knex'

/**
 * A trigger and not the code that writes: an import, a release of before and a statement by hand count as well. A hash of
 * the same password under another scheme does not.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table customers add column credential_generation integer not null default 0;
    create function raise_credential_generation() returns trigger language plpgsql as $$
    begin
      new.credential_generation := old.credential_generation + 1;
      if new.email_normalized is distinct from old.email_normalized then
        delete from registration_keys where customer_id = new.id;
      end if;
      return new;
    end $$;
    create trigger customers_credential_generation before update on customers for each row
      when ((old.email_normalized, old.status, old.password_changed_at)
        is distinct from (new.email_normalized, new.status, new.password_changed_at))
      execute function raise_credential_generation();
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop trigger customers_credential_generation on customers;
    drop function raise_credential_generation();
    alter table customers drop column credential_generation;
  `)
}
