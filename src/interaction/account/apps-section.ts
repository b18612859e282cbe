import type { Customer } from '../../customers/customer.ts'
import type { ConnectedApp, ConnectedApps } from '../../oauth/browser/connected-apps.ts'
import { scopeViews } from '../scope-views.ts'
import type { AccountSection } from './section.ts'

const ACT = 'apps/withdraw'

/** The apps that may use the account, what each may do there, and taking that back. */
export function createAppsSection({ apps }: { readonly apps: ConnectedApps }): AccountSection {
  return {
    page: 'apps',
    async show({ customer, languages, form }) {
      const listed = await apps.list(customer.id)
      const views = listed.map((app) => ({
        ...app,
        scopes: scopeViews(app.scopes, languages),
        companies: companiesOf(customer, app),
      }))
      return { template: 'apps', apps: views, ...form(ACT) }
    },
    acts: [
      {
        path: ACT,
        async submit({ customer }, { client = '' }) {
          const isWithdrawn = client !== '' && (await apps.withdraw(customer.id, client))
          return isWithdrawn ? { outcome: 'done', notice: 'app' } : { outcome: 'unknown' }
        },
      },
    ],
  }
}

function companiesOf({ companyUsers }: Customer, { companyUserIds }: ConnectedApp): readonly string[] {
  return companyUsers.filter(({ id }) => companyUserIds.includes(id)).map(({ company }) => company.name)
}
