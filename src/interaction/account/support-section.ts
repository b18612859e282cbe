import { stateOf } from '../../support-access/support-access.ts'
import type { SupportAccesses } from '../../support-access/support-accesses.ts'
import type { AccountSection } from './section.ts'

const END = 'apps/end-support'
const ALLOW = 'apps/allow-support'
const MOST = 20

export type SupportSectionDeps = {
  readonly accesses: Pick<SupportAccesses, 'list' | 'find' | 'end' | 'rules'>
  /** Which of these grants are active. */
  readonly activeAmong: (ids: readonly string[]) => Promise<ReadonlySet<string>>
  /** Keeps whether the customer allows support access; false where customers are not ours. */
  readonly setAllowed: (customerId: string, isAllowed: boolean) => Promise<boolean>
}

/** Agents of the shop who act or acted for the customer: when, why, ending it, and whether they may at all. */
export function createSupportSection({ accesses, activeAmong, setAllowed }: SupportSectionDeps): AccountSection {
  const { isPermissionNeeded } = accesses.rules
  return {
    page: 'apps',
    async show({ customer, form }) {
      const { items } = await accesses.list({ customerId: customer.id, hasBegun: true }, { limit: MOST })
      const isAllowed = customer.allowsSupport === true
      if (items.length === 0 && !isPermissionNeeded) return undefined
      const now = Math.floor(Date.now() / 1000)
      const alive = await activeAmong(items.flatMap(({ grantId }) => grantId ?? []))
      const isOpen = (each: (typeof items)[number]) =>
        (isAllowed || !isPermissionNeeded) && stateOf(each, now) === 'open' && alive.has(each.grantId ?? '')
      return {
        template: 'support',
        accesses: items.map((each) => ({ ...each, isOpen: isOpen(each) })),
        end: form(END),
        ...(isPermissionNeeded && { allow: form(ALLOW), isAllowed }),
      }
    },
    acts: [
      {
        path: END,
        async submit({ customer }, { id = '' }) {
          const access = await accesses.find(id)
          if (access?.customerId !== customer.id) return { outcome: 'unknown' }
          await accesses.end(id, { by: customer.id, cause: 'customer' })
          return { outcome: 'done', notice: 'support-ended' }
        },
      },
      {
        path: ALLOW,
        async submit({ customer }, { allowed = '' }) {
          if (!isPermissionNeeded || !['yes', 'no'].includes(allowed)) return { outcome: 'unknown' }
          const isKept = await setAllowed(customer.id, allowed === 'yes')
          if (!isKept) return { outcome: 'unknown' }
          return { outcome: 'done', notice: allowed === 'yes' ? 'support-allowed' : 'support-refused' }
        },
      },
    ],
  }
}
