import type { Knex } from 'knex'

/**
 * What has to end sign-ins, noted in the transaction that brings it about: whoever makes the change may die before it ends them. Triggers
 * and not the code that writes, where the row alone says it: so it holds for a statement by hand and for a release of before as well.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table sign_in_ending_causes (
      seq bigint primary key generated always as identity,
      what text not null,
      -- The account, client, grant or company user that ends, as in the log.
      subject text not null,
      why text not null,
      account_id text,
      client_id text,
      noted_at timestamptz not null default clock_timestamp()
    );
    create index sign_in_ending_causes_by_time on sign_in_ending_causes (noted_at);
    -- Whether a cause was followed by its ending is asked of the last endings only.
    create index sign_in_endings_announced on sign_in_endings (announced_at);

    create function note_endings_of_customers() returns trigger language plpgsql as $$
    begin
      insert into sign_in_ending_causes (what, subject, why)
      select 'customer', n.id, case n.status when 'anonymised' then 'erased' else 'blocked' end
      from earlier o join later n on n.id = o.id where o.status <> n.status and n.status <> 'active' order by n.id;
      return null;
    end $$;
    create trigger customers_end after update on customers
      referencing old table as earlier new table as later for each statement execute function note_endings_of_customers();

    create function note_endings_of_deleted_customers() returns trigger language plpgsql as $$
    begin
      insert into sign_in_ending_causes (what, subject, why)
      select 'customer', id, 'erased' from gone where status <> 'anonymised' order by id;
      return null;
    end $$;
    create trigger customers_end_deleted after delete on customers
      referencing old table as gone for each statement execute function note_endings_of_deleted_customers();

    create function note_endings_of_company_users() returns trigger language plpgsql as $$
    begin
      insert into sign_in_ending_causes (what, subject, why)
      select 'company-user', n.id, 'company-user-inactive'
      from earlier o join later n on n.id = o.id where o.is_active and not n.is_active order by n.id;
      return null;
    end $$;
    create trigger company_users_end after update on company_users
      referencing old table as earlier new table as later for each statement execute function note_endings_of_company_users();

    create function note_endings_of_agents() returns trigger language plpgsql as $$
    begin
      insert into sign_in_ending_causes (what, subject, why)
      select 'agent', 'agent:' || n.id, case
        when o.status <> n.status then 'blocked' when o.is_agent and not n.is_agent then 'agent-dismissed'
        else 'warehouse-changed' end
      from earlier o join later n on n.id = o.id
      where (o.status <> n.status and n.status <> 'active') or (o.is_agent and not n.is_agent)
        or o.id_warehouse is distinct from n.id_warehouse order by n.id;
      return null;
    end $$;
    create trigger agents_end after update on agents
      referencing old table as earlier new table as later for each statement execute function note_endings_of_agents();

    create function note_endings_of_clients() returns trigger language plpgsql as $$
    begin
      insert into sign_in_ending_causes (what, subject, why)
      select 'client', n.client_id, 'client-disabled'
      from earlier o join later n on n.client_id = o.client_id where o.is_enabled and not n.is_enabled order by n.client_id;
      return null;
    end $$;
    create trigger clients_end after update on clients
      referencing old table as earlier new table as later for each statement execute function note_endings_of_clients();

    create function note_endings_of_removed_clients() returns trigger language plpgsql as $$
    begin
      insert into sign_in_ending_causes (what, subject, why)
      select 'client', client_id, 'client-removed' from gone order by client_id;
      return null;
    end $$;
    create trigger clients_end_removed after delete on clients
      referencing old table as gone for each statement execute function note_endings_of_removed_clients();

    create function note_endings_of_support_accesses() returns trigger language plpgsql as $$
    begin
      delete from sign_in_ending_causes using earlier o join later n on n.id = o.id
      where what = 'grant' and subject = n.grant_id and o.ended_at is not null and n.ended_at is null;
      insert into sign_in_ending_causes (what, subject, why, account_id, client_id)
      select 'grant', n.grant_id, 'support-access-ended', n.customer_id, n.client_id
      from earlier o join later n on n.id = o.id
      where o.ended_at is null and n.ended_at is not null and n.grant_id is not null order by n.seq;
      return null;
    end $$;
    create trigger support_accesses_end after update on support_accesses
      referencing old table as earlier new table as later for each statement execute function note_endings_of_support_accesses();
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop trigger customers_end on customers;
    drop trigger customers_end_deleted on customers;
    drop trigger company_users_end on company_users;
    drop trigger agents_end on agents;
    drop trigger clients_end on clients;
    drop trigger clients_end_removed on clients;
    drop trigger support_accesses_end on support_accesses;
    drop function note_endings_of_customers();
    drop function note_endings_of_deleted_customers();
    drop function note_endings_of_company_users();
    drop function note_endings_of_agents();
    drop function note_endings_of_clients();
    drop function note_endings_of_removed_clients();
    drop function note_endings_of_support_accesses();
    drop index sign_in_endings_announced;
    drop table sign_in_ending_causes;
  `)
}
