import type { Knex } from 'knex'

/** Holds every company that a customer acts for until the transaction ends, in one order, so that two never wait for each other. */
export async function holdCompaniesOf(transaction: Knex, customerId: string): Promise<void> {
  await transaction('companies')
    .whereIn(
      'id',
      transaction('company_users').where({ customer_id: customerId, is_active: true }).select('company_id'),
    )
    .orderBy('id')
    .forUpdate()
    .select('id')
}

/**
 * The names of the approved companies, or of this one, that a customer looks after and that would have people, and none of
 * them who looks after it, without the customer. Who is about to be erased counts as gone: the day comes without a question.
 */
export async function leftAloneWithout(
  connection: Knex,
  customerId: string,
  permission: string,
  companyId?: string,
): Promise<string[]> {
  const { rows } = await connection.raw<{ rows: { name: string }[] }>(
    `select co.name from companies co where co.status = 'approved' and (?::uuid is null or co.id = ?::uuid)
       and exists (select 1 ${PEOPLE} and cu.customer_id = ? and ${LOOKS_AFTER})
       and exists (select 1 ${PEOPLE} and cu.customer_id <> ? and ${STAYS})
       and not exists (select 1 ${PEOPLE} and cu.customer_id <> ? and ${STAYS} and ${LOOKS_AFTER})
     order by co.name`,
    [companyId ?? null, companyId ?? null, customerId, permission, customerId, customerId, permission],
  )
  return rows.map(({ name }) => name)
}

/** Whether a company has people who stay, and none of them looks after it. */
export async function isUnattended(connection: Knex, companyId: string, permission: string): Promise<boolean> {
  const { rows } = await connection.raw<{ rows: { unattended: boolean }[] }>(
    `select exists (select 1 ${PEOPLE} and ${STAYS}) and not exists (
       select 1 ${PEOPLE} and ${STAYS} and ${LOOKS_AFTER}) as unattended
     from companies co where co.id = ?`,
    [permission, companyId],
  )
  return rows[0]?.unattended === true
}

const PEOPLE = `from company_users cu join customers c on c.id = cu.customer_id
  where cu.company_id = co.id and cu.is_active and c.status = 'active'`

const STAYS = 'not exists (select 1 from account_deletions d where d.customer_id = cu.customer_id)'

const LOOKS_AFTER = `exists (select 1 from company_user_roles r join permissions p on p.company_role_id = r.company_role_id
  where r.company_user_id = cu.id and p.key = ?)`
