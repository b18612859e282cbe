import type { Context } from 'koa'
import type { Customer } from '../../customers/customer.ts'
import { isStorable } from '../../database/storable.ts'
import { requestState } from '../../http/request-state.ts'
import type { ConnectedApp, ConnectedApps } from '../../oauth/browser/connected-apps.ts'
import type { OwnSessions } from '../../oauth/browser/own-sessions.ts'
import type { EndSignIn } from '../../oauth/sign-outs/end-sign-in.ts'
import { scopeViews } from '../scope-views.ts'
import type { AccountAct, AccountSection, AccountView } from './section.ts'
import type { Visit } from './visit.ts'

/** What another part of the server has to show of a connected app, below what the app may do. */
export type AppPart = {
  /** Undefined where there is nothing to show. */
  show(visit: Visit, app: ConnectedApp): Promise<AccountView | undefined>
  /** What there is to prove of it, by heading. */
  evidence?(customerId: string, clientId: string): Promise<object>
}

export type AppsSectionDeps = {
  readonly apps: ConnectedApps
  readonly endSignIn: EndSignIn
  readonly sessions: Pick<OwnSessions, 'renew'>
  readonly parts?: readonly AppPart[]
}

const WITHDRAW = 'apps/withdraw'
const NARROW = 'apps/narrow'
const NOT_ME = 'apps/not-me'
const EVIDENCE = 'apps/record'

/** The apps that may use the account, what each may do there, and taking that back. */
export function createAppsSection(deps: AppsSectionDeps): AccountSection {
  const { apps, parts = [] } = deps

  async function viewOf(app: ConnectedApp, visit: Visit) {
    const shown = await Promise.all(parts.map((part) => part.show(visit, app)))
    const { grants: _, ...facts } = app
    return {
      ...facts,
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
      const forms = { narrow: visit.form(NARROW), notMe: visit.form(NOT_ME), record: visit.form(EVIDENCE) }
      return { template: 'apps', apps: views, ...visit.form(WITHDRAW), ...forms }
    },
    acts: [
      {
        path: WITHDRAW,
        async submit({ customer }, { client = '' }) {
          const isWithdrawn = client !== '' && (await apps.withdraw(customer.id, client))
          return isWithdrawn ? { outcome: 'done', notice: 'app' } : { outcome: 'unknown' }
        },
      },
      {
        path: NARROW,
        async submit({ customer }, { client = '', scopes = '' }) {
          const isNarrowed = await apps.narrow(customer.id, client, scopes.split(' ').filter(Boolean))
          return isNarrowed ? { outcome: 'done', notice: 'app-narrowed' } : { outcome: 'unknown' }
        },
      },
      notMe(deps),
      {
        path: EVIDENCE,
        async submit({ ctx, customer }, { client = '' }) {
          const evidence = isStorable(client) ? await apps.evidence(customer.id, client) : undefined
          if (!evidence) return { outcome: 'unknown' }
          const more = await Promise.all(parts.map((part) => part.evidence?.(customer.id, client)))
          sendFile(ctx, Object.assign({}, evidence, ...more))
          return { outcome: 'answered' }
        },
      },
    ],
  }
}

/** A stranger who let an app in had the password, or a browser that was signed in: both are taken from them. */
function notMe({ apps, endSignIn, sessions }: AppsSectionDeps): AccountAct {
  return {
    path: NOT_ME,
    async submit({ ctx, customer, session }, { client = '' }) {
      if (client === '' || !(await apps.withdraw(customer.id, client))) return { outcome: 'unknown' }
      requestState(ctx).keptSessionUid = session.uid
      await endSignIn({ what: { of: 'customer', id: customer.id }, why: 'ended-by-customer' })
      await sessions.renew(ctx)
      return { outcome: 'done', notice: 'app-not-me', page: 'security' }
    },
  }
}

function sendFile(ctx: Context, data: object): void {
  ctx.set({
    'Cache-Control': 'no-store',
    'Content-Disposition': 'attachment; filename="app-access.json"',
    'X-Content-Type-Options': 'nosniff',
  })
  ctx.type = 'application/json'
  ctx.body = JSON.stringify(data, null, 2)
}

const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code'
const APPROVAL = 'urn:openid:params:grant-type:ciba'
const ASSERTION = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

/** How an app got access, as the texts name it. */
function waysOf({ by }: ConnectedApp): readonly string[] {
  const ways: Readonly<Record<string, string>> = {
    authorization_code: 'page',
    [APPROVAL]: 'page',
    [DEVICE]: 'device',
    [ASSERTION]: 'provider',
  }
  return [...new Set(by.map((grantType) => ways[grantType] ?? 'other'))]
}

function companiesOf({ companyUsers }: Customer, { companyUserIds }: ConnectedApp): readonly string[] {
  return companyUsers.filter(({ id }) => companyUserIds.includes(id)).map(({ company }) => company.name)
}
