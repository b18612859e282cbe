import type { Knex } from 'knex'
import { noteCauses } from '../sign-in-endings/causes.ts'

/** Who may no longer act because of a change. What was granted to them until then ends for good: the caller ends it. */
export type TakenAway = { readonly customers: readonly string[]; readonly companyUsers: readonly string[] }

/** Ends what was granted to those who may no longer act; `by` is who changed it. */
export type EndTakenAway = (takenAway: TakenAway, by: string) => Promise<void>

/** What a change may reach: customers with their company users, and all company users of companies. */
export type Reach = { readonly customers: readonly string[]; readonly companies: readonly string[] }

/** Runs a change inside a transaction, and says who of `reach` could act before it and cannot after it; that these must be ended is noted. */
export async function takenAwayBy(transaction: Knex, reach: Reach, change: () => Promise<void>): Promise<TakenAway> {
  if (reach.customers.length + reach.companies.length === 0) {
    await change()
    return { customers: [], companyUsers: [] }
  }
  const before = await whoMayAct(transaction, reach)
  await change()
  const after = await whoMayAct(transaction, reach)
  const customers = [...before.customers].filter((id) => !after.customers.has(id))
  const companyUsers = [...before.companyUsers].filter((id) => !after.companyUsers.has(id))
  await noteCauses(transaction, [
    ...customers.map((subject) => ({ what: 'customer', subject, why: 'blocked' }) as const),
    ...companyUsers.map((subject) => ({ what: 'company-user', subject, why: 'company-user-inactive' }) as const),
  ])
  return { customers, companyUsers }
}

async function whoMayAct(transaction: Knex, { customers, companies }: Reach) {
  const { rows } = await transaction.raw<{ rows: { kind: 'customer' | 'company-user'; id: string }[] }>(WHO_MAY_ACT, [
    [...customers],
    [...customers],
    [...companies],
  ])
  const idsOf = (kind: string) => new Set(rows.flatMap((row) => (row.kind === kind ? row.id : [])))
  return { customers: idsOf('customer'), companyUsers: idsOf('company-user') }
}

const WHO_MAY_ACT = `
  select 'customer' as kind, id from customers where id = any(?::uuid[]) and status = 'active'
  union all
  select 'company-user', cu.id from company_users cu join companies co on co.id = cu.company_id
    where (cu.customer_id = any(?::uuid[]) or cu.company_id = any(?::uuid[])) and cu.is_active and co.status = 'approved'`
