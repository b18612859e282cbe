import { type CompanyRole, type CompanyUser, permissionsOf } from '../customer.ts'
import type { CompanyRecords } from '../records/company-records.ts'

/** The roles that a company user may give, and take from others: none with more permissions than they have. */
export type GivableRoles = (companyUser: CompanyUser) => Promise<readonly CompanyRole[]>

export function createGivableRoles(companies: Pick<CompanyRecords, 'find'>): GivableRoles {
  return async function rolesFor(companyUser) {
    const own = new Set(permissionsOf(companyUser).map(({ key }) => key))
    const { roles = [] } = (await companies.find(companyUser.company.id)) ?? {}
    return roles.filter(({ permissions }) => permissions.every(({ key }) => own.has(key)))
  }
}
