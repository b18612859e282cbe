import { z } from 'zod'
import type { Passkey } from '../../../credentials/passkeys/passkey-rows.ts'
import type { CustomerPasskeys } from '../../../customers/passkeys/customer-passkeys.ts'
import type { CustomerRecords } from '../../../customers/records/customer-records.ts'
import type { EndSignIn } from '../../../oauth/sign-outs/end-sign-in.ts'
import { Problem } from '../../problem.ts'
import { type Route, route } from '../route.ts'
import { epochSeconds } from '../shapes.ts'

export type PasskeyRouteDeps = {
  readonly customerRecords: Pick<CustomerRecords, 'find'>
  /** Undefined where there are no passkeys. */
  readonly passkeys: Pick<CustomerPasskeys, 'list' | 'removeFor'> | undefined
  readonly endSignIn: EndSignIn
}

const customer = z.string().describe('The id, or the customerReference.')
const shown = z.object({
  id: z.string().describe('The id of the passkey.'),
  name: z.string().optional().describe('What the customer calls it, or the password manager that has it.'),
  isBackedUp: z.boolean().describe('Whether it is on more than one device, or could be.'),
  createdAt: epochSeconds('It was made'),
  lastUsedAt: epochSeconds('It last signed somebody in').optional(),
})

/** The passkeys of a customer, for support. */
export function passkeyRoutes({ customerRecords, passkeys, endSignIn }: PasskeyRouteDeps): Route[] {
  async function idOf(named: string): Promise<string> {
    const found = await customerRecords.find(named)
    if (found) return found.id
    throw new Problem(404, 'unknown-customer', `There is no customer "${named}".`)
  }

  return [
    route({
      method: 'GET',
      path: '/v1/customers/{customer}/passkeys',
      summary: 'The passkeys of a customer, oldest first',
      permission: 'customers:read',
      params: z.object({ customer }),
      result: z.object({ items: z.array(shown).describe('The passkeys.') }),
      refusals: [404],
      async handle({ params }) {
        const id = await idOf(params.customer)
        return { items: ((await passkeys?.list(id)) ?? []).map(show) }
      },
    }),
    route({
      method: 'DELETE',
      path: '/v1/customers/{customer}/passkeys/{passkey}',
      summary: 'Remove a passkey; the customer is signed out everywhere and told by mail',
      permission: 'customers:write',
      params: z.object({ customer, passkey: z.string().describe('The id of the passkey.') }),
      result: z.void(),
      status: 204,
      refusals: [404],
      audit: 'passkey.removed',
      async handle({ params, actor, note }) {
        const customerId = await idOf(params.customer)
        note({ customerId })
        if (!(await passkeys?.removeFor(customerId, params.passkey)))
          throw new Problem(404, 'unknown-passkey', 'This customer has no passkey with this id.')
        // Sign-ins by this passkey have ended.
        await endSignIn({ what: { of: 'customer', id: customerId }, why: 'passkey-removed', by: actor.name })
      },
    }),
  ]
}

function show({ id, name, isBackedUp, createdAt, lastUsedAt }: Passkey) {
  return {
    id,
    ...(name !== undefined && { name }),
    isBackedUp,
    createdAt: secondsOf(createdAt),
    ...(lastUsedAt && { lastUsedAt: secondsOf(lastUsedAt) }),
  }
}

function secondsOf(date: Date): number {
  return Math.floor(date.getTime() / 1000)
}
