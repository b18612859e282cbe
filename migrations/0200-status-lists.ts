import type { Knex } from 'knex'

/**
 * Token Status Lists: which place of which list belongs to which token, until the token expires. Only resource servers that ask for it have
 * tokens here. Instants are epoch seconds.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table status_lists (
      id bigint generated always as identity primary key,
      -- No token in it lives longer.
      expires_at bigint not null,
      -- Places given to processes so far, in blocks.
      reserved integer not null
    );
    create index status_lists_by_expiry on status_lists (expires_at);

    create table status_list_tokens (
      list_id bigint not null,
      place integer not null,
      issued_at bigint not null,
      is_over boolean not null default false,
      jti text not null,
      client_id text not null,
      grant_client_id text,
      grant_id text,
      parent_grant_id text,
      account_id text,
      agent_id text,
      company_user_id text,
      primary key (list_id, place)
    );
    -- Looked up by equality only. Clients have so many tokens that their endings read all.
    create index status_list_tokens_by_jti on status_list_tokens using hash (jti);
    create index status_list_tokens_by_grant on status_list_tokens using hash (grant_id) where grant_id is not null;
    create index status_list_tokens_by_parent on status_list_tokens using hash (parent_grant_id)
      where parent_grant_id is not null;
    create index status_list_tokens_by_account on status_list_tokens using hash (account_id) where account_id is not null;
    create index status_list_tokens_by_agent on status_list_tokens using hash (agent_id) where agent_id is not null;
    create index status_list_tokens_by_company_user on status_list_tokens using hash (company_user_id)
      where company_user_id is not null;
    create index status_list_tokens_over on status_list_tokens (list_id, place) where is_over;

    -- Up to which place of the log of endings the tokens are marked.
    create table status_list_marks (id boolean primary key default true check (id), applied_seq bigint not null default 0);
    insert into status_list_marks default values;
  `)
}

export async function down(knex: Knex): Promise<void> {
  for (const table of ['status_list_marks', 'status_list_tokens', 'status_lists']) await knex.schema.dropTable(table)
}
