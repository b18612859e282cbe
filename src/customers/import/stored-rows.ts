import type { Knex } from 'knex'
import type { ImportRows } from './import-rows.ts'

/** The rows without the companies, business units and roles (permissions included) that are stored, whatever they say there. */
export async function withoutStored(transaction: Knex, rows: ImportRows): Promise<ImportRows> {
  const idsOf = (some: readonly Readonly<Record<string, unknown>>[]) => some.map(({ id }) => String(id))
  const stored = async (table: string, ids: readonly string[]) =>
    new Set((await transaction(table).whereIn('id', ids).select<{ id: string }[]>('id')).map(({ id }) => id))
  const companies = await stored('companies', idsOf(rows.companies))
  const businessUnits = await stored('business_units', idsOf(rows.businessUnits))
  const roles = await stored('company_roles', idsOf(rows.roles))
  return {
    ...rows,
    companies: rows.companies.filter(({ id }) => !companies.has(String(id))),
    businessUnits: rows.businessUnits.filter(({ id }) => !businessUnits.has(String(id))),
    roles: rows.roles.filter(({ id }) => !roles.has(String(id))),
    permissions: rows.permissions.filter(({ company_role_id: role }) => !roles.has(String(role))),
    replacedRoles: rows.replacedRoles.filter((id) => !roles.has(id)),
  }
}
