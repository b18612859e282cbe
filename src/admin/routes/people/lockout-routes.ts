import { z } from 'zod'
import type { LockoutOperations } from '../../../credentials/lockout/lockout-operations.ts'
import { type Route, route } from '../route.ts'
import { epochSeconds, pageOf, text, whole } from '../shapes.ts'

const realms = ['customer', 'agent', 'administrator'] as const
export type LockoutOperationsByRealm = Readonly<Record<(typeof realms)[number], LockoutOperations>>

export type LockoutRouteDeps = {
  readonly lockoutOperations: LockoutOperationsByRealm
  /** The id of the person with a login, for the audit trail: it keeps no e-mail addresses. */
  readonly findPerson: Readonly<Record<(typeof realms)[number], (login: string) => Promise<string | undefined>>>
}

const whom = z
  .strictObject({
    login: text.min(1).max(254).optional().describe('An e-mail address.'),
    realm: z.enum(realms).default('customer').describe('The kind of person who has this login.'),
    address: z.union([z.ipv4(), z.ipv6()]).optional().describe('An IP address.'),
  })
  .refine(({ login, address }) => (login === undefined) !== (address === undefined), 'give a login or an address')
const lock = z
  .object({
    of: z
      .enum(['device', 'pair', 'account', 'address'])
      .describe('What is locked: a known device, a login from one network, a login everywhere, or all of a network.'),
    network: z.string().optional().describe('The network, where the lock is for one.'),
    until: epochSeconds('When the lock ends'),
  })
  .meta({ id: 'Lock' })

/** Lifting a lock lets guessing go on, so it needs the permission to change the person. */
const LIFTS = { customer: undefined, agent: 'agents:write', administrator: 'administrators:write' } as const

/** Locks after too many failures: to see, and to lift. Unknown logins are answered like known ones. */
export function lockoutRoutes({ lockoutOperations, findPerson }: LockoutRouteDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/lockouts',
      summary: 'The current lockouts of a login or an address',
      permission: 'lockouts:read',
      query: whom,
      result: pageOf(lock),
      handle: async ({ query: { login, realm, address } }) =>
        whole(
          login === undefined
            ? await lockoutOperations[realm].ofAddress(address ?? '')
            : await lockoutOperations[realm].ofLogin(login),
        ),
    }),
    route({
      method: 'POST',
      path: '/v1/lockouts/lift',
      summary: 'Remove the lockouts of a login or an address',
      permission: 'lockouts:lift',
      alsoNeeds: ({ body: { realm } }) => LIFTS[realm],
      body: whom,
      status: 204,
      result: z.void(),
      audit: 'lockout.lifted',
      async handle({ body: { login, realm, address }, note }) {
        if (login === undefined) {
          note({ after: { realm, address } })
          return lockoutOperations[realm].liftAddress(address ?? '')
        }
        const person = await findPerson[realm](login)
        if (realm === 'customer' && person !== undefined) note({ customerId: person })
        else note({ after: { realm, of: person ?? 'a login of no account' } })
        return lockoutOperations[realm].liftLogin(login)
      },
    }),
  ]
}
