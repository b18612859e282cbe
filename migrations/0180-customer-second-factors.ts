import type { Knex } from 'knex'

/**
 * Second factors of customers, and the browsers in which a customer need not show one again. Triggers and not the code that writes: a factor
 * that comes or goes raises the generation of the customer's credentials, so that whatever was proved before is measured as old; and a
 * change of credentials of any kind forgets the remembered browsers.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table customer_second_factors (
      customer_id uuid primary key references customers (id) on delete cascade,
      sealed_secret jsonb not null,
      last_time_step bigint not null default 0,
      confirmed_at timestamptz,
      created_at timestamptz not null default now()
    );
    create table customer_recovery_codes (
      customer_id uuid not null references customers (id) on delete cascade,
      sha256 text not null,
      created_at timestamptz not null default now(),
      primary key (customer_id, sha256)
    );
    create table customer_remembered_devices (
      id uuid primary key default gen_random_uuid(),
      customer_id uuid not null references customers (id) on delete cascade,
      sha256 text not null,
      browser text,
      system text,
      created_at timestamptz not null default now(),
      used_at timestamptz not null default now(),
      expires_at timestamptz not null
    );
    create index customer_remembered_devices_by_customer on customer_remembered_devices (customer_id);

    create function note_customer_second_factor() returns trigger language plpgsql as $$
    declare
      had boolean := tg_op <> 'INSERT' and old.confirmed_at is not null;
      has boolean := tg_op <> 'DELETE' and new.confirmed_at is not null;
    begin
      if had <> has or (has and had and new.confirmed_at is distinct from old.confirmed_at) then
        update customers set credential_generation = credential_generation + 1
        where id = case when tg_op = 'DELETE' then old.customer_id else new.customer_id end;
      end if;
      return null;
    end $$;
    create trigger customer_second_factors_noted after insert or update or delete on customer_second_factors
      for each row execute function note_customer_second_factor();

    create function forget_remembered_devices() returns trigger language plpgsql as $$
    begin
      delete from customer_remembered_devices where customer_id = new.id;
      return null;
    end $$;
    create trigger customers_forget_devices after update on customers for each row
      when (old.credential_generation is distinct from new.credential_generation)
      execute function forget_remembered_devices();
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop trigger customers_forget_devices on customers;
    drop function forget_remembered_devices();
    drop table customer_remembered_devices;
    drop table customer_recovery_codes;
    drop table customer_second_factors;
    drop function note_customer_second_factor();
  `)
}
