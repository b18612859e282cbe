import type { Knex } from 'knex'
import type { EndingLog } from './ending-log.ts'
import type { EndingCause, SignInEnded } from './sign-in-ended.ts'

/** A change after which sign-ins must end; `subject` is the account, company user, client or grant. */
export type NotedCause = {
  readonly what: 'customer' | 'agent' | 'company-user' | 'client' | 'grant'
  readonly subject: string
  readonly why: EndingCause
}

/** What was noted of one subject for one reason, however often: a change may be noted by the database and by who makes it. */
type Group = NotedCause & {
  readonly seqs: readonly (string | number)[]
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

/** Announces the endings of causes that nobody ended anything for within `afterMs`, each once, and forgets the others. */
export async function announceOverdue(
  knex: Knex,
  endingLog: Pick<EndingLog, 'announce'>,
  afterMs: number,
): Promise<void> {
  await knex.raw(FORGET_ENDED, { afterMs })
  for (;;) {
    const { rows } = await knex.raw<{ rows: Group[] }>(SELECT_OVERDUE, { afterMs, limit: AT_ONCE })
    for (const group of rows) await announceGroup(knex, endingLog, group)
    if (rows.length < AT_ONCE) return
  }
}

function announceGroup(knex: Knex, endingLog: Pick<EndingLog, 'announce'>, group: Group): Promise<void> {
  return knex.transaction(async (transaction) => {
    const noted = () => transaction('sign_in_ending_causes').whereIn('seq', [...group.seqs])
    const held = await noted().orderBy('seq').forUpdate().select('seq')
    // Another node was at it.
    if (held.length < group.seqs.length) return
    await noted().delete()
    await endingLog.announce(eventOf(group), transaction)
  })
}

const SELECT_OVERDUE = `
  select what, subject, why, account_id, client_id, array_agg(seq order by seq) as seqs from sign_in_ending_causes
  where noted_at < clock_timestamp() - :afterMs * interval '1 millisecond'
  group by what, subject, why, account_id, client_id order by min(seq) limit :limit`

/** Subjects are compared by an expression of each table alone, so that the database can join many by their hashes. */
const FORGET_ENDED = `
  delete from sign_in_ending_causes where seq in (
    select seq from sign_in_ending_causes cause
    where cause.noted_at < clock_timestamp() - :afterMs * interval '1 millisecond' and exists (
      select 1 from sign_in_endings ending where ending.announced_at >= cause.noted_at and ending.what = cause.what
        and cause.subject = case ending.what when 'grant' then ending.grant_id when 'company-user' then ending.company_user_id
          when 'client' then ending.client_id else ending.account_id end)
    for update skip locked)`

function eventOf({ what, why, subject, account_id, client_id }: Group): SignInEnded {
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
