import type { Customer } from '../../customers/customer.ts'
import type { ConnectedApp, ConnectedApps } from '../../oauth/browser/connected-apps.ts'
import { scopeViews } from '../scope-views.ts'
import type { AccountSection, AccountView } from './section.ts'
import type { Visit } from './visit.ts'

/** What another part of the server has to show of a connected app, below what the app may do. */
export type AppPart = {
  /** Undefined where there is nothing to show. */
  show(visit: Visit, app: ConnectedApp): Promise<AccountView | undefined>
}

export type AppsSectionDeps = { readonly apps: ConnectedApps; readonly parts?: readonly AppPart[] }

const ACT = 'apps/withdraw'

/** The apps that may use the account, what each may do there, and taking that back. */
export function createAppsSection({ apps, parts = [] }: AppsSectionDeps): AccountSection {
  async function viewOf(app: ConnectedApp, visit: Visit) {
    const shown = await Promise.all(parts.map((part) => part.show(visit, app)))
    return {
      ...app,
      by: waysOf(app),
      allowed: app.allowed.map(({ resource, scopes }) => ({ resource, scopes: scopeViews(scopes, visit.languages) })),
      companies: companiesOf(visit.customer, app),
      parts: shown.filter((part) => part !== undefined),
    }
  }

  return {
    page: 'apps',
    async show(visit) {
      const listed = await apps.list(visit.customer.id)
      const views = await Promise.all(listed.map((app) => viewOf(app, visit)))
      return { template: 'apps', apps: views, ...visit.form(ACT) }
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

const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code'
const ASSERTION = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

/** How an app got access, as the texts name it. */
function waysOf({ by }: ConnectedApp): readonly string[] {
  const ways: Readonly<Record<string, string>> = {
    authorization_code: 'page',
    [DEVICE]: 'device',
    [ASSERTION]: 'provider',
  }
  return [...new Set(by.map((grantType) => ways[grantType] ?? 'other'))]
}

function companiesOf({ companyUsers }: Customer, { companyUserIds }: ConnectedApp): readonly string[] {
  return companyUsers.filter(({ id }) => companyUserIds.includes(id)).map(({ company }) => company.name)
}
