import type { Knex } from 'knex'

/** A sign-in of a person at a client. */
export type ClientSession = {
  /** The subject: a customer's id, or with its prefix that of an agent. */
  readonly accountId: string
  readonly clientId: string
  /** As the client knows the session; absent for a sign-in without a browser. */
  readonly sid?: string
}

export type NewClientSession = ClientSession & {
  /** The browser session, by the name that is in no cookie. */
  readonly sessionUid?: string | undefined
  readonly grantId?: string | undefined
  readonly companyUserId?: string | undefined
  /** Epoch milliseconds of the sign-in: an ending of before leaves it alone. */
  readonly sinceMs: number
  /** For how long it is remembered unless it is noted again. */
  readonly ttlSeconds: number
}

/** Which sign-ins an ending ended. */
export type EndedSessions = {
  /** The place of the ending in its log. Marks the rows: the same place finds them again. */
  readonly seq: number
  /** Epoch milliseconds: only sign-ins until then. */
  readonly untilMs: number
} & (
  | { readonly of: 'account'; readonly accountId: string; readonly exceptSessionUid?: string | undefined }
  | { readonly of: 'company-user'; readonly companyUserId: string }
  | { readonly of: 'session'; readonly session: ClientSession }
  | { readonly of: 'grant'; readonly grantId: string }
)

/** A part of all sign-ins until an instant (epoch milliseconds). */
export type SomeOfAll = { readonly seq: number; readonly untilMs: number; readonly limit: number }

export type ClientSessions = ReturnType<typeof createClientSessions>

/** What is pruned of it. */
export const CLIENT_SESSIONS_TABLE = { name: 'client_sessions' } as const

/** An ended row is kept this long, for an ending that is read again. */
const ENDED_KEPT_SECONDS = 86_400

type Row = { readonly account_id: string; readonly client_id: string; readonly sid: string }

/** Knows at which clients people are signed in. Rows outlive sessions and grants: clients are told after these have ended. */
export function createClientSessions(knex: Knex) {
  return {
    /** Notes a sign-in, or that one goes on. A row keeps the instant of its first sign-in, until it ends. */
    async note({ accountId, clientId, sid = '', sinceMs, ttlSeconds, ...facts }: NewClientSession): Promise<void> {
      const { sessionUid = null, grantId = null, companyUserId = null } = facts
      await knex.raw(
        `insert into client_sessions as s
           (account_id, client_id, sid, session_uid, grant_id, company_user_id, since_ms, expires_at)
         values (:accountId, :clientId, :sid, :sessionUid, :grantId, :companyUserId, :sinceMs, :expiresAt)
         on conflict (account_id, client_id, sid) do update set
           session_uid = coalesce(excluded.session_uid, s.session_uid),
           grant_id = coalesce(excluded.grant_id, s.grant_id),
           company_user_id = coalesce(excluded.company_user_id, s.company_user_id),
           since_ms = case when s.ended_by is null then s.since_ms else excluded.since_ms end,
           ended_by = null,
           expires_at = case when s.ended_by is null then greatest(s.expires_at, excluded.expires_at)
             else excluded.expires_at end`,
        {
          accountId,
          clientId,
          sid,
          sessionUid,
          grantId,
          companyUserId,
          sinceMs: Math.floor(sinceMs),
          expiresAt: nowSeconds() + ttlSeconds,
        },
      )
    },

    /** Marks what an ending ended, and returns it. */
    async end(ended: EndedSessions): Promise<ClientSession[]> {
      const condition = conditionOf(ended)
      const { rows } = await knex.raw<{ rows: Row[] }>(
        `update client_sessions set ended_by = :seq, expires_at = least(expires_at, :keptUntil)
         where ${condition.sql} and since_ms <= :untilMs and (ended_by is null or ended_by = :seq)
         returning account_id, client_id, sid`,
        { ...condition.values, seq: ended.seq, untilMs: ended.untilMs, keptUntil: nowSeconds() + ENDED_KEPT_SECONDS },
      )
      return rows.map(toSession)
    },

    /** Marks some of everybody's that have not ended, and returns them; none are left when there are fewer than `limit`. */
    async endSome({ seq, untilMs, limit }: SomeOfAll, transaction: Knex): Promise<ClientSession[]> {
      const { rows } = await transaction.raw<{ rows: Row[] }>(
        `update client_sessions set ended_by = :seq, expires_at = least(expires_at, :keptUntil)
         where ctid = any (array(select ctid from client_sessions
           where ended_by is null and since_ms <= :untilMs limit :limit for update))
         returning account_id, client_id, sid`,
        { seq, untilMs, limit, keptUntil: nowSeconds() + ENDED_KEPT_SECONDS },
      )
      return rows.map(toSession)
    },

    /** The sign-ins that belong to one browser session and have not ended. */
    async ofBrowser(accountId: string, sessionUid: string): Promise<ClientSession[]> {
      const { rows } = await knex.raw<{ rows: Row[] }>(
        `select account_id, client_id, sid from client_sessions
         where account_id = :accountId and session_uid = :sessionUid and ended_by is null`,
        { accountId, sessionUid },
      )
      return rows.map(toSession)
    },

    /** Forgets one sign-in of which the client is being told. */
    async forget({ accountId, clientId, sid = '' }: ClientSession, transaction: Knex = knex): Promise<void> {
      await transaction.raw(
        'delete from client_sessions where account_id = :accountId and client_id = :clientId and sid = :sid',
        { accountId, clientId, sid },
      )
    },
  }
}

function conditionOf(ended: EndedSessions): { sql: string; values: Record<string, string> } {
  switch (ended.of) {
    case 'account': {
      const { accountId, exceptSessionUid } = ended
      if (exceptSessionUid === undefined) return { sql: 'account_id = :accountId', values: { accountId } }
      const sql = 'account_id = :accountId and session_uid is distinct from :exceptSessionUid'
      return { sql, values: { accountId, exceptSessionUid } }
    }
    case 'company-user':
      return { sql: 'company_user_id = :companyUserId', values: { companyUserId: ended.companyUserId } }
    case 'session': {
      const { accountId, clientId, sid = '' } = ended.session
      const sql = 'account_id = :accountId and client_id = :clientId and sid = :sid'
      return { sql, values: { accountId, clientId, sid } }
    }
    case 'grant':
      return { sql: 'grant_id = :grantId', values: { grantId: ended.grantId } }
  }
}

function toSession({ account_id: accountId, client_id: clientId, sid }: Row): ClientSession {
  return { accountId, clientId, ...(sid !== '' && { sid }) }
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000)
}
