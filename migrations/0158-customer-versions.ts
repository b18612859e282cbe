import type { Knex } from 'knex'

/**
 * Shop systems count the changes of a customer, and clients say which one they saw. A trigger and not the code that writes:
 * an import and a statement by hand count as well. What only we see, such as a hash of the same password under another
 * scheme, does not.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table customers add column version integer not null default 1;
    create function raise_customer_version() returns trigger language plpgsql as $$
    begin
      new.version := old.version + 1;
      return new;
    end $$;
    create trigger customers_version before update on customers for each row
      when ((old.email, old.email_verified, old.status, old.given_name, old.family_name, old.locale, old.password_changed_at)
        is distinct from
        (new.email, new.email_verified, new.status, new.given_name, new.family_name, new.locale, new.password_changed_at))
      execute function raise_customer_version();
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop trigger customers_version on customers;
    drop function raise_customer_version();
    alter table customers drop column version;
  `)
}
