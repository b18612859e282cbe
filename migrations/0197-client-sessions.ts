import type { Knex } from 'knex'

/**
 * At which clients a person is signed in, for the notices of a sign-out. A row outlives the session and the grant it came of, since
 * the client is told after both have ended. No column is a bearer value.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table client_sessions (
      account_id text not null,
      client_id text not null,
      -- As the client knows the session (sid in its ID tokens); empty for a sign-in without a browser.
      sid text not null,
      -- The browser session, by the name that is in no cookie.
      session_uid text,
      grant_id text,
      company_user_id text,
      -- Epoch milliseconds.
      since_ms bigint not null,
      -- The place of the ending that ended it.
      ended_by bigint,
      -- Epoch seconds.
      expires_at bigint not null,
      primary key (account_id, client_id, sid)
    );
    create index client_sessions_company_user on client_sessions (company_user_id) where company_user_id is not null;
    create index client_sessions_grant on client_sessions (grant_id) where grant_id is not null;
    create index client_sessions_expiry on client_sessions (expires_at);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table client_sessions')
}
