import type { Knex } from 'knex'
import type { EndingLog } from './ending-log.ts'
import type { EndingCause, SignInEnded } from './sign-in-ended.ts'

/** A change after which sign-ins must end; `subject` is the account, company user, client or grant. */
export type NotedCause = {
  readonly what: 'customer' | 'agent' | 'company-user' | 'client' | 'grant'
  readonly subject: string
  readonly why: EndingCause
}

type Row = NotedCause & {
  readonly seq: string | number
  readonly account_id: string | null
  readonly client_id: string | null
}

const AT_ONCE = 100

/**
 * Notes, in the transaction of a change, that sign-ins must end because of it. Who makes the change ends them; if it dies before, another
 * process does. Changes of which the row itself tells are noted by the database: `migrations/0193-sign-in-ending-causes.ts`.
 */
export async function noteCauses(transaction: Knex, causes: readonly NotedCause[]): Promise<void> {
  if (causes.length === 0) return
  await transaction.raw(
    `insert into sign_in_ending_causes (what, subject, why)
     select what, subject, why from json_to_recordset(?::json) as cause (what text, subject text, why text)`,
    [JSON.stringify(causes)],
  )
}

/** Announces the endings of causes that nobody ended anything for within `afterMs`, and forgets the others. @returns how many. */
export async function announceOverdue(
  knex: Knex,
  endingLog: Pick<EndingLog, 'announce'>,
  afterMs: number,
): Promise<number> {
  await knex.raw(FORGET_ENDED, { afterMs })
  const rows: Row[] = await knex('sign_in_ending_causes')
    .whereRaw("noted_at < clock_timestamp() - ? * interval '1 millisecond'", [afterMs])
    .orderBy('seq')
    .limit(AT_ONCE)
  for (const row of rows) {
    await knex.transaction(async (transaction) => {
      // Another node may be at it.
      if ((await transaction('sign_in_ending_causes').where({ seq: row.seq }).delete()) === 0) return
      await endingLog.announce(eventOf(row), transaction)
    })
  }
  return rows.length
}

const FORGET_ENDED = `
  delete from sign_in_ending_causes cause
  where cause.noted_at < clock_timestamp() - :afterMs * interval '1 millisecond' and exists (
    select 1 from sign_in_endings ending where ending.announced_at >= cause.noted_at and ending.what = cause.what
      and cause.subject = case cause.what when 'grant' then ending.grant_id when 'company-user' then ending.company_user_id
        when 'client' then ending.client_id else ending.account_id end)`

function eventOf({ what, why, subject, account_id, client_id }: Row): SignInEnded {
  switch (what) {
    case 'grant':
      return {
        what,
        why,
        grantId: subject,
        ...(account_id !== null && { accountId: account_id }),
        ...(client_id !== null && { clientId: client_id }),
      }
    case 'company-user':
      return { what, why, companyUserId: subject }
    case 'client':
      return { what, why, clientId: subject }
    case 'customer':
    case 'agent':
      return { what, why, accountId: subject }
  }
}
