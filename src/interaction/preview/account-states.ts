import type { AccountPartView } from '../views/account.ts'

/** A form of the account, as a sample shows it. */
export const form = (path: string) => ({ action: `/account/${path}`, csrf: 'sample' })

/** The pages that can have nothing to list. */
export const EMPTY_PAGES: Readonly<Record<string, readonly AccountPartView[]>> = {
  security: [{ template: 'passkeys', add: '/account/security/passkey', signals: {}, passkeys: [] }],
  apps: [{ template: 'apps', ...form('apps/withdraw'), apps: [] }],
  companies: [companyList(0)],
  activity: [{ template: 'activity', days: '90', entries: [] }],
}

/** So many companies, of which one is the default and another is acted for. */
export function companyList(length: number): AccountPartView {
  const companies = Array.from({ length }, (_, index) => ({
    id: `sample-${index}`,
    name: `Sample company ${index + 1}`,
    detail: 'Berlin, Buyer',
    isDefault: index === 0,
    isNow: index === 1,
    leave: '/account/companies/leave',
  }))
  return { template: 'companies', companies, setDefault: form('companies/default'), actAs: form('companies/now') }
}
