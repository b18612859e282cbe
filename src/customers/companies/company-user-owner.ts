import type { Knex } from 'knex'
import { isUuid } from '../../database/uuid.ts'

/** Whose company user this is, and of which company; undefined for one that is gone. */
export async function companyUserOwner(
  knex: Knex,
  id: string,
): Promise<{ readonly customerId: string; readonly companyId: string } | undefined> {
  if (!isUuid(id)) return undefined
  const row = await knex('company_users')
    .where({ id })
    .first<{ customer_id: string; company_id: string } | undefined>('customer_id', 'company_id')
  return row && { customerId: row.customer_id, companyId: row.company_id }
}
