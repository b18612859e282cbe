import { type Mandate, stateOf } from '../../mandates/mandate.ts'
import type { Mandates } from '../../mandates/mandates.ts'
import { MOST_HOLDS, type Spending } from '../../mandates/spending.ts'
import { currencyOf } from '../../mandates/terms.ts'
import { MANDATE_FIELDS, mandateFields, readLowering } from '../mandates/mandate-form.ts'
import type { AppPart } from './apps-section.ts'
import type { AccountSection } from './section.ts'

const LOWER = 'apps/mandate-lower'
const PAUSE = 'apps/mandate-pause'
const WITHDRAW = 'apps/mandate-withdraw'
const MOST = 50
const MOST_ORDERS = 5

export type MandatesSectionDeps = {
  readonly mandates: Pick<Mandates, 'list' | 'find' | 'holds' | 'narrow' | 'setPaused' | 'withdraw'>
  readonly usage: Spending['usage']
  readonly isSignInLive: (mandate: Mandate) => Promise<boolean>
  readonly findClientName: (clientId: string) => Promise<string>
  /** MANDATE_TIME_ZONE. */
  readonly timeZone: string
}

const BY = { by: 'customer' } as const
const now = () => Math.floor(Date.now() / 1000)

/** What apps may buy for the customer: what is left, the last orders, and lowering, pausing and withdrawing it. */
export function createMandatesSection(deps: MandatesSectionDeps): AccountSection {
  const { mandates, usage, isSignInLive, findClientName, timeZone } = deps

  async function view(mandate: Mandate, addressOf: (path: string) => string) {
    const [spent, holds, client] = await Promise.all([
      usage(mandate),
      mandates.holds(mandate.id, MOST_ORDERS),
      findClientName(mandate.clientId),
    ])
    return {
      id: mandate.id,
      client,
      terms: mandate.terms,
      currency: currencyOf(mandate.terms),
      isPaused: mandate.pausedAt !== undefined,
      since: mandate.grantedAt,
      ...spent,
      orders: holds.filter(({ state }) => state === 'held' || state === 'captured'),
      lower: withId(addressOf(LOWER), mandate.id),
    }
  }

  /** One of the customer's own that may still be changed. */
  async function own(customerId: string, id: string): Promise<Mandate | undefined> {
    const mandate = await mandates.find(id)
    const isOwn = mandate?.customerId === customerId && ['active', 'paused'].includes(stateOf(mandate, now()))
    return isOwn ? mandate : undefined
  }

  return {
    page: 'apps',
    async show({ customer, addressOf, form }) {
      const { items } = await mandates.list({ customerId: customer.id, aliveAt: now() }, { limit: MOST })
      const alive = await Promise.all(items.map(isSignInLive))
      const live = items.filter((_, index) => alive[index])
      if (live.length === 0) return undefined
      const shown = await Promise.all(live.map((mandate) => view(mandate, addressOf)))
      return { template: 'mandates', mandates: shown, pause: form(PAUSE), withdraw: form(WITHDRAW) }
    },
    acts: [
      {
        path: LOWER,
        keeps: ['id', ...MANDATE_FIELDS],
        async open({ ctx, customer, form }, { values }) {
          const mandate = await own(customer.id, values.id ?? String(ctx.query.id))
          if (!mandate) return undefined
          const { id, terms } = mandate
          return { template: 'mandate-form', ...form(LOWER), id, terms, lower: mandateFields(terms, timeZone, values) }
        },
        async submit({ customer }, form) {
          const mandate = await own(customer.id, form.id ?? '')
          if (!mandate) return { outcome: 'unknown' }
          const read = readLowering(mandate.terms, form, timeZone)
          if ('problem' in read) return { outcome: 'refused', problem: read.problem, fields: [read.field] }
          const narrowed = await mandates.narrow(mandate.id, read.lowering, BY)
          if (narrowed.outcome === 'raised') return { outcome: 'refused', problem: 'mandate-raised' }
          return narrowed.outcome === 'narrowed'
            ? { outcome: 'done', notice: 'mandate-lowered' }
            : { outcome: 'unknown' }
        },
      },
      {
        path: PAUSE,
        async submit({ customer }, { id = '', paused = '' }) {
          const mandate = await own(customer.id, id)
          const isKnown = mandate && ['yes', 'no'].includes(paused)
          if (!isKnown || !(await mandates.setPaused(id, paused === 'yes', BY))) return { outcome: 'unknown' }
          return { outcome: 'done', notice: paused === 'yes' ? 'mandate-paused' : 'mandate-resumed' }
        },
      },
      {
        path: WITHDRAW,
        async submit({ customer }, { id = '' }) {
          if (!(await own(customer.id, id))) return { outcome: 'unknown' }
          await mandates.withdraw(id, BY)
          return { outcome: 'done', notice: 'mandate-withdrawn' }
        },
      },
    ],
  }
}

/** The mandates of an app with their orders, for the record that a customer downloads of it. */
export function mandatesOfApp({ mandates }: { readonly mandates: Pick<Mandates, 'list' | 'holds'> }): AppPart {
  return {
    show: async () => undefined,
    async evidence(customerId, clientId) {
      const { items } = await mandates.list({ customerId, clientId }, { limit: MOST })
      const withOrders = items.map(async (each) => ({ ...each, orders: await mandates.holds(each.id, MOST_HOLDS) }))
      return { mandates: await Promise.all(withOrders) }
    },
  }
}

function withId(address: string, id: string): string {
  return `${address}${address.includes('?') ? '&' : '?'}${new URLSearchParams({ id })}`
}
