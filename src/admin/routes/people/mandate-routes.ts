import { z } from 'zod'
import { type Mandate, stateOf } from '../../../mandates/mandate.ts'
import type { Mandates } from '../../../mandates/mandates.ts'
import type { Spending } from '../../../mandates/spending.ts'
import { Problem } from '../../problem.ts'
import { clientId, companyUserId, customerId, grantId } from '../fields.ts'
import { customerIdOf, type FindCustomer } from '../named-customer.ts'
import { type Route, route } from '../route.ts'
import { epochSeconds, pageOf, pageQuery, text } from '../shapes.ts'

const STATES = ['active', 'paused', 'withdrawn', 'expired', 'ended'] as const
const MOST_HOLDS_SHOWN = 100

const terms = z.record(z.string(), z.unknown())
const mandate = z
  .object({
    id: z.string().describe('The id of the mandate: mandate_id in tokens.'),
    state: z.enum(STATES).describe('"ended": the sign-in that it hangs from has ended, and with it the mandate.'),
    customerId,
    clientId,
    companyUserId: companyUserId.optional(),
    grantId,
    resource: z.string().describe('The resource server where it can be spent.'),
    asked: terms.describe('What the client asked for, as authorization_details.'),
    terms: terms.describe('What holds now, as authorization_details.'),
    version: z.int().describe('Which version: 1 as granted, one more each time it was narrowed.'),
    grantedAt: epochSeconds('When the customer consented'),
    pausedAt: epochSeconds('When the customer paused it').optional(),
    withdrawnAt: epochSeconds('When it was withdrawn').optional(),
    withdrawnBy: z.string().optional().describe('Who withdrew it: customer, server, or an operator.'),
  })
  .meta({ id: 'PurchaseMandate' })
const hold = z
  .object({
    id: z.string().describe('The id of the hold.'),
    order: z.string().describe('The order, as the shop names it.'),
    state: z.enum(['held', 'captured', 'released', 'lapsed']).describe('"lapsed": half an hour is over.'),
    amount: z.int().describe('What counts, in the smallest unit of the currency.'),
    heldAmount: z.int().describe('What was held first.'),
    categories: z.array(z.string()).describe('The categories of the order.'),
    merchant: z.string().optional().describe('The merchant of the order.'),
    evidence: z.string().optional().describe('The AP2 hash that the shop gave.'),
    placedBy: z.string().describe('The client of the shop.'),
    heldAt: epochSeconds('When it was placed'),
    lapsesAt: epochSeconds('When it counts no more unless it is captured'),
    settledAt: epochSeconds('When it was captured or released').optional(),
  })
  .meta({ id: 'PurchaseHold' })
const remaining = z
  .object({
    amount: z.int().describe('What is left, in the smallest unit of the currency.'),
    orders: z.int().optional().describe('How many orders are left; absent without such a ceiling.'),
    until: epochSeconds('When the period or the mandate ends'),
  })
  .describe('What is left in this period.')
const withHolds = mandate
  .extend({ remaining, holds: z.array(hold).describe(`The last ${MOST_HOLDS_SHOWN} orders, newest first.`) })
  .meta({ id: 'PurchaseMandateWithHolds' })
const params = z.object({ id: text.describe('The id of the mandate.') })
const query = pageQuery.extend({
  customer: text.min(1).max(2000).optional().describe('A customer by id, reference or e-mail address.'),
  clientId: text.min(1).max(255).optional().describe('A client.'),
})

/** A mandate as the API shows it. */
export type ShownMandate = z.output<typeof mandate>
export type ShownMandateWithHolds = z.output<typeof withHolds>

export type MandateRouteDeps = {
  readonly mandates: Pick<Mandates, 'list' | 'find' | 'holds' | 'withdraw'>
  readonly usage: Spending['usage']
  readonly isSignInLive: (mandate: Mandate) => Promise<boolean>
  readonly findCustomer: FindCustomer
}

/** What customers let clients buy: seeing it with its orders, and ending it. */
export function mandateRoutes({ mandates, usage, isSignInLive, findCustomer }: MandateRouteDeps): Route[] {
  async function show({ seq: _seq, ...each }: Mandate): Promise<ShownMandate> {
    const state = stateOf({ ...each, seq: 0 }, Math.floor(Date.now() / 1000))
    const isEnded = ['active', 'paused'].includes(state) && !(await isSignInLive({ ...each, seq: 0 }))
    return { ...each, state: isEnded ? 'ended' : state }
  }

  async function showWithHolds(found: Mandate): Promise<ShownMandateWithHolds> {
    const [shown, used, holds] = await Promise.all([
      show(found),
      usage(found),
      mandates.holds(found.id, MOST_HOLDS_SHOWN),
    ])
    return {
      ...shown,
      remaining: used.remaining,
      holds: holds.map(({ mandateId: _mandateId, categories, ...each }) => ({ ...each, categories: [...categories] })),
    }
  }

  return [
    route({
      method: 'GET',
      path: '/v1/mandates',
      summary: 'Purchase mandates, newest first',
      permission: 'mandates:read',
      query,
      result: pageOf(mandate),
      refusals: [404],
      async handle({ query: { customer, clientId: client, ...page } }) {
        const owner = customer === undefined ? undefined : await customerIdOf(findCustomer, customer)
        const { items, ...rest } = await mandates.list({ customerId: owner, clientId: client }, page)
        return { items: await Promise.all(items.map(show)), ...rest }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/mandates/{id}',
      summary: 'One purchase mandate with its orders',
      permission: 'mandates:read',
      params,
      result: withHolds,
      refusals: [404],
      async handle({ params: { id } }) {
        const found = await mandates.find(id)
        if (!found) throw unknown(id)
        return showWithHolds(found)
      },
    }),
    route({
      method: 'POST',
      path: '/v1/mandates/{id}/withdraw',
      summary: 'Withdraw a purchase mandate',
      description: 'At once: what is held is released, and its tokens stop working. One that was withdrawn stays so.',
      permission: 'mandates:withdraw',
      params,
      result: withHolds,
      refusals: [404],
      async handle({ params: { id }, actor }) {
        const withdrawn = await mandates.withdraw(id, { by: actor.name })
        if (!withdrawn) throw unknown(id)
        return showWithHolds(withdrawn)
      },
    }),
  ]
}

function unknown(id: string): Problem {
  return new Problem(404, 'unknown-mandate', `There is no purchase mandate "${id}".`)
}
