import type { Knex } from 'knex'

/** Who makes a change: as the transaction says, or an import; null where it is the person, as a rule. */
const BY = `coalesce(nullif(current_setting('vestibule.by', true), ''), nullif(current_setting('vestibule.origin', true), ''))`
const INSERT = 'insert into account_changes (kind, account_id, detail, "by")'

/**
 * Changes of accounts that receivers of signals are told of and that end no sign-in by themselves, until they are told. Triggers and not the
 * code that writes: every change is noted in its own transaction, also that of an import. They run once for a statement where many
 * rows can change, and note nothing while there is no stream.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table account_changes (
      seq bigint primary key generated always as identity,
      kind text not null,
      -- As the subject of tokens.
      account_id text not null,
      detail jsonb not null default '{}',
      "by" text,
      -- Changes of one transaction have one cause.
      txn text not null default pg_current_xact_id()::text,
      occurred_at timestamptz not null default now()
    );

    create function note_changes_of_customers() returns trigger language plpgsql as $$
    begin
      if not exists (select 1 from signal_streams) then return null; end if;
      if tg_op = 'DELETE' then
        ${INSERT} select 'purged', id::text, '{}'::jsonb, ${BY} from earlier where status <> 'anonymised';
        return null;
      end if;
      ${INSERT}
      select change.kind, n.id::text, change.detail, ${BY}
      from earlier o join later n on n.id = o.id
      cross join lateral (values
        (1, 'purged', '{}'::jsonb, n.status = 'anonymised' and o.status <> 'anonymised'),
        (2, 'disabled', '{}', n.status = 'blocked' and o.status = 'active'),
        (3, 'enabled', '{}', n.status = 'active' and o.status = 'blocked'),
        (4, 'email', jsonb_build_object('from', o.email, 'to', n.email, 'isVerified', n.email_verified),
          n.status <> 'anonymised' and (o.email, o.email_verified) is distinct from (n.email, n.email_verified)),
        (5, 'reference', jsonb_build_object('to', n.customer_reference),
          n.status <> 'anonymised' and n.customer_reference <> o.customer_reference),
        (6, 'password', jsonb_build_object('change', case when n.password_hash is null then 'delete'
            when o.password_hash is null then 'create' else 'update' end),
          n.status <> 'anonymised' and n.password_changed_at is distinct from o.password_changed_at
            and (n.password_hash is not null or o.password_hash is not null)),
        (7, 'password-required', '{}', n.status <> 'anonymised' and n.password_change_required and not o.password_change_required)
      ) as change (place, kind, detail, happened)
      where change.happened order by n.id, change.place;
      return null;
    end $$;
    create trigger customers_note_changes after update on customers
      referencing old table as earlier new table as later for each statement execute function note_changes_of_customers();
    create trigger customers_note_deletions after delete on customers
      referencing old table as earlier for each statement execute function note_changes_of_customers();

    create function note_changes_of_agents() returns trigger language plpgsql as $$
    declare account text := 'agent:' || old.id;
    begin
      if not exists (select 1 from signal_streams) then return null; end if;
      if tg_op = 'DELETE' then
        ${INSERT} values ('purged', account, '{}', ${BY});
        return null;
      end if;
      if new.password_changed_at is distinct from old.password_changed_at then
        ${INSERT} values ('password', account, '{"change": "update"}', ${BY});
      end if;
      if (new.status = 'active' and new.is_agent) <> (old.status = 'active' and old.is_agent) then
        ${INSERT} values (case when new.status = 'active' and new.is_agent then 'enabled' else 'disabled' end, account, '{}', ${BY});
      end if;
      return null;
    end $$;
    create trigger agents_note_changes after update or delete on agents for each row execute function note_changes_of_agents();

    create function note_changes_of_passkeys() returns trigger language plpgsql as $$
    begin
      if exists (select 1 from signal_streams) then
        ${INSERT}
        select 'passkey', customer_id::text, jsonb_strip_nulls(jsonb_build_object('change', case tg_op when 'INSERT' then 'create' else 'delete' end,
          'aaguid', aaguid, 'name', name, 'isOnDevice', transports @> '["internal"]' or transports @> '["hybrid"]')), ${BY}
        from changed;
      end if;
      return null;
    end $$;
    create trigger passkeys_note_additions after insert on passkeys
      referencing new table as changed for each statement execute function note_changes_of_passkeys();
    create trigger passkeys_note_deletions after delete on passkeys
      referencing old table as changed for each statement execute function note_changes_of_passkeys();

    create function note_changes_of_factors() returns trigger language plpgsql as $$
    declare
      had boolean := tg_op <> 'INSERT' and old.confirmed_at is not null;
      has boolean := tg_op <> 'DELETE' and new.confirmed_at is not null;
      owner jsonb := to_jsonb(case when tg_op = 'DELETE' then old else new end);
    begin
      if had <> has and exists (select 1 from signal_streams) then
        ${INSERT} values ('factor', coalesce(owner ->> 'customer_id', 'agent:' || (owner ->> 'agent_id')),
          jsonb_build_object('change', case when has then 'create' else 'delete' end), ${BY});
      end if;
      return null;
    end $$;
    create trigger customer_second_factors_note_changes after insert or update or delete on customer_second_factors
      for each row execute function note_changes_of_factors();
    create trigger agent_second_factors_note_changes after insert or update or delete on agent_second_factors
      for each row execute function note_changes_of_factors();

    -- What a person may do for a company: of whom, and for which company. What it is now is looked up when it is told.
    create function note_changes_of_company_users() returns trigger language plpgsql as $$
    begin
      if not exists (select 1 from signal_streams) then return null; end if;
      if tg_table_name = 'company_users' and tg_op = 'DELETE' then
        ${INSERT} select 'company-user', customer_id::text, jsonb_build_object('companyUserId', id, 'companyId', company_id), ${BY}
        from changed;
      elsif tg_table_name = 'company_users' then
        ${INSERT} select 'company-user', n.customer_id::text, jsonb_build_object('companyUserId', n.id, 'companyId', n.company_id), ${BY}
        from earlier o join changed n on n.id = o.id where n.is_active <> o.is_active;
      elsif tg_table_name = 'companies' then
        ${INSERT} select 'company-user', u.customer_id::text, jsonb_build_object('companyUserId', u.id, 'companyId', u.company_id), ${BY}
        from earlier o join changed n on n.id = o.id join company_users u on u.company_id = n.id
        where n.status <> o.status and u.is_active;
      elsif tg_table_name = 'company_user_roles' then
        ${INSERT} select distinct 'company-user'::text, u.customer_id::text, jsonb_build_object('companyUserId', u.id, 'companyId', u.company_id), ${BY}
        from changed c join company_users u on u.id = c.company_user_id where u.is_active;
      else
        ${INSERT} select distinct 'company-user'::text, u.customer_id::text, jsonb_build_object('companyUserId', u.id, 'companyId', u.company_id), ${BY}
        from changed c join company_user_roles r on r.company_role_id = c.company_role_id
        join company_users u on u.id = r.company_user_id where u.is_active;
      end if;
      return null;
    end $$;
    create trigger company_users_note_changes after update on company_users
      referencing old table as earlier new table as changed for each statement execute function note_changes_of_company_users();
    create trigger company_users_note_deletions after delete on company_users
      referencing old table as changed for each statement execute function note_changes_of_company_users();
    create trigger companies_note_changes after update on companies
      referencing old table as earlier new table as changed for each statement execute function note_changes_of_company_users();
    create trigger company_user_roles_note_additions after insert on company_user_roles
      referencing new table as changed for each statement execute function note_changes_of_company_users();
    create trigger company_user_roles_note_deletions after delete on company_user_roles
      referencing old table as changed for each statement execute function note_changes_of_company_users();
    create trigger permissions_note_additions after insert on permissions
      referencing new table as changed for each statement execute function note_changes_of_company_users();
    create trigger permissions_note_changes after update on permissions
      referencing old table as earlier new table as changed for each statement execute function note_changes_of_company_users();
    create trigger permissions_note_deletions after delete on permissions
      referencing old table as changed for each statement execute function note_changes_of_company_users();
  `)
}

/** What is noted on each table, and by which function. */
const TRIGGERS = {
  note_changes_of_customers: ['customers_note_changes on customers', 'customers_note_deletions on customers'],
  note_changes_of_agents: ['agents_note_changes on agents'],
  note_changes_of_passkeys: ['passkeys_note_additions on passkeys', 'passkeys_note_deletions on passkeys'],
  note_changes_of_factors: [
    'customer_second_factors_note_changes on customer_second_factors',
    'agent_second_factors_note_changes on agent_second_factors',
  ],
  note_changes_of_company_users: [
    'company_users_note_changes on company_users',
    'company_users_note_deletions on company_users',
    'companies_note_changes on companies',
    'company_user_roles_note_additions on company_user_roles',
    'company_user_roles_note_deletions on company_user_roles',
    'permissions_note_additions on permissions',
    'permissions_note_changes on permissions',
    'permissions_note_deletions on permissions',
  ],
}

export async function down(knex: Knex): Promise<void> {
  for (const [name, triggers] of Object.entries(TRIGGERS)) {
    for (const trigger of triggers) await knex.raw(`drop trigger ${trigger}`)
    await knex.raw(`drop function ${name}()`)
  }
  await knex.raw('drop table account_changes')
}
