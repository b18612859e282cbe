import type { Knex } from 'knex'

/** Whether the company user `cu` looks after the people of its company now; its one place is for the permission. */
export const ADMINISTERS = `cu.is_active and exists (
  select 1 from customers c where c.id = cu.customer_id and c.status = 'active') and exists (
  select 1 from company_user_roles r join permissions p on p.company_role_id = r.company_role_id
  where r.company_user_id = cu.id and p.key = ?)`

/**
 * Holds a company until the transaction ends, so that two who change its people come one after the other; whether the company
 * user looks after it then.
 */
export async function holdCompany(
  transaction: Knex,
  companyUser: { readonly id: string; readonly company: { readonly id: string } },
  permission: string,
): Promise<boolean> {
  const company = await transaction('companies')
    .where({ id: companyUser.company.id, status: 'approved' })
    .forUpdate()
    .first('id')
  const { rows } = await transaction.raw<{ rows: unknown[] }>(
    `select cu.id from company_users cu where cu.id = ? and ${ADMINISTERS}`,
    [companyUser.id, permission],
  )
  return company !== undefined && rows.length === 1
}
