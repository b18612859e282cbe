import { z } from 'zod'
import type { ListedLock, LockList } from '../../../credentials/lockout/lock-list.ts'
import type { LockoutOperations } from '../../../credentials/lockout/lockout-operations.ts'
import { cursorOf, keyOfCursor } from '../../../database/page.ts'
import { type Route, route } from '../route.ts'
import { epochSeconds, pageOf, pageQuery, text, whole } from '../shapes.ts'

const realms = ['customer', 'agent', 'administrator'] as const
/** Codes of customers' second factors are counted apart from their passwords. */
const shownRealms = [...realms, 'customer-factor'] as const
export type LockoutOperationsByRealm = Readonly<Record<(typeof realms)[number], LockoutOperations>>

export type LockoutRouteDeps = {
  readonly lockoutOperations: LockoutOperationsByRealm
  /** Everything that is locked. */
  readonly lockList: LockList
  /** The id of the person with a login, for the audit trail: it keeps no e-mail addresses. */
  readonly findPerson: Readonly<Record<(typeof realms)[number], (login: string) => Promise<string | undefined>>>
}

const named = z.strictObject({
  login: text.min(1).max(254).optional().describe('An e-mail address.'),
  realm: z.enum(realms).default('customer').describe('The kind of person who has this login.'),
  address: z.union([z.ipv4(), z.ipv6()]).optional().describe('An IP address.'),
})
const MOST = 100
const asked = pageQuery
  .extend({
    ...named.shape,
    realm: z
      .enum(realms)
      .optional()
      .describe('The kind of person: of a login `customer` unless given, of the whole list all of them.'),
    limit: z.coerce.number().int().min(1).max(MOST).default(MOST).describe('How many at most.'),
  })
  .refine(({ login, address }) => login === undefined || address === undefined, 'give a login, an address, or neither')
const whom = named.refine(
  ({ login, address }) => (login === undefined) !== (address === undefined),
  'give a login or an address',
)
const lock = z
  .object({
    of: z
      .enum(['device', 'pair', 'account', 'address'])
      .describe('What is locked: a known device, a login from one network, a login everywhere, or all of a network.'),
    network: z.string().optional().describe('The network, where the lock is for one.'),
    until: epochSeconds('When the lock ends'),
    realm: z
      .enum(shownRealms)
      .optional()
      .describe('In the whole list: the kind of person, or customer-factor for codes after the password.'),
    login: z.string().optional().describe('In the whole list: the login, where it is an e-mail address.'),
  })
  .meta({ id: 'Lock' })

/** Lifting a lock lets guessing go on, so it needs the permission to change the person. */
const LIFTS = { customer: undefined, agent: 'agents:write', administrator: 'administrators:write' } as const

type Listed = z.infer<typeof lock>

function asListed({ realm, ...shown }: ListedLock): Listed {
  return { ...shown, realm: realm as Listed['realm'] } // one of those that lockouts are made for
}

/** Locks after too many failures: to see, and to lift. Unknown logins are answered like known ones. */
export function lockoutRoutes({ lockoutOperations, lockList, findPerson }: LockoutRouteDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/lockouts',
      summary: 'Everything that is locked now, or the current lockouts of a login or an address',
      permission: 'lockouts:read',
      query: asked,
      result: pageOf(lock),
      async handle({ query: { login, realm, address, limit, cursor } }) {
        const ofRealm = lockoutOperations[realm ?? 'customer']
        if (login !== undefined) return whole(await ofRealm.ofLogin(login))
        if (address !== undefined) return whole(await ofRealm.ofAddress(address))
        const { locks, next } = await lockList({ limit, after: keyOfCursor(cursor) })
        const items = locks.filter((each) => realm === undefined || each.realm === realm)
        return { items: items.map(asListed), ...(next !== undefined && { next: cursorOf(next) }) }
      },
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
