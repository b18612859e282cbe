import type { Knex } from 'knex'

/**
 * What happened to customers and has yet to be told to CUSTOMER_WEBHOOK_URL. Triggers and not the code that writes: every
 * change is noted in its own transaction, also that of an import, of a release of before and of a statement by hand. They
 * run once for a statement, so that an import costs little more, and note nothing while `customer_webhook` is empty.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- One row while CUSTOMER_WEBHOOK_URL is set, and which node speaks to it.
    create table customer_webhook (
      one boolean primary key default true check (one),
      holder text,
      held_until timestamptz not null default now()
    );
    create table customer_events (
      seq bigint primary key generated always as identity,
      id uuid not null default gen_random_uuid(),
      type text not null,
      customer_id uuid not null,
      customer_reference text not null,
      origin text,
      occurred_at timestamptz not null default now()
    );

    create function note_registered_customers() returns trigger language plpgsql as $$
    begin
      if exists (select 1 from customer_webhook) then
        insert into customer_events (type, customer_id, customer_reference, origin)
        select 'customer.registered', id, customer_reference, nullif(current_setting('vestibule.origin', true), '')
        from arrived order by id_customer;
      end if;
      return null;
    end $$;
    create trigger customers_registered after insert on customers
      referencing new table as arrived for each statement execute function note_registered_customers();

    create function note_changed_customers() returns trigger language plpgsql as $$
    begin
      if exists (select 1 from customer_webhook) then
        insert into customer_events (type, customer_id, customer_reference, origin)
        select event.type, n.id, n.customer_reference, nullif(current_setting('vestibule.origin', true), '')
        from earlier o join later n on n.id = o.id
        cross join lateral (values
          (1, 'customer.erased', n.status = 'anonymised' and o.status <> 'anonymised'),
          (2, 'customer.confirmed', n.status <> 'anonymised' and n.email_verified and not o.email_verified),
          (3, 'customer.changed', n.status <> 'anonymised' and
            (o.email, o.given_name, o.family_name, o.locale, o.status, o.customer_reference, o.id_customer)
              is distinct from
            (n.email, n.given_name, n.family_name, n.locale, n.status, n.customer_reference, n.id_customer)),
          (4, 'customer.password_changed', n.status <> 'anonymised'
            and n.password_changed_at is distinct from o.password_changed_at)
        ) as event (position, type, happened)
        where event.happened order by n.id_customer, event.position;
      end if;
      return null;
    end $$;
    create trigger customers_changed after update on customers
      referencing old table as earlier new table as later for each statement execute function note_changed_customers();

    create function note_deleted_customers() returns trigger language plpgsql as $$
    begin
      if exists (select 1 from customer_webhook) then
        insert into customer_events (type, customer_id, customer_reference, origin)
        select 'customer.erased', id, customer_reference, nullif(current_setting('vestibule.origin', true), '')
        from gone where status <> 'anonymised' order by id_customer;
      end if;
      return null;
    end $$;
    create trigger customers_deleted after delete on customers
      referencing old table as gone for each statement execute function note_deleted_customers();
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop trigger customers_registered on customers;
    drop trigger customers_changed on customers;
    drop trigger customers_deleted on customers;
    drop function note_registered_customers();
    drop function note_changed_customers();
    drop function note_deleted_customers();
    drop table customer_events;
    drop table customer_webhook;
  `)
}
