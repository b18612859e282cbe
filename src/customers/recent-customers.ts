import { createCache } from '../cache.ts'
import type { Storage } from '../storage/storage.ts'
import type { Customer } from './customer.ts'

/**
 * How long a customer may be remembered anywhere: at introspection, at userinfo, and of what the shop's directory
 * answered. One memory lies on no other, so that this is also the age of the oldest answer.
 */
export const REMEMBERED = { ttlSeconds: 2, limit: 10_000 }

const TOPIC = 'customers'

/** Says that a customer changed; without an id, that any of them may have: of a company, or by an import. */
export type TellChanged = (customerId?: string) => Promise<void>

export type RecentCustomers = {
  /** As they are, or were a moment ago. */
  readonly find: (id: string) => Promise<Customer | undefined>
  readonly tellChanged: TellChanged
}

export type RecentCustomersDeps = {
  readonly findById: (id: string) => Promise<Customer | undefined>
  readonly storage: Pick<Storage, 'publish' | 'subscribe'>
}

/**
 * Customers for questions that are asked with every request. What is changed here is seen here at once, and on other nodes
 * when they are told: at the latest when they forget by themselves.
 */
export function createRecentCustomers({ findById, storage }: RecentCustomersDeps): RecentCustomers {
  const cache = createCache(findById, REMEMBERED)
  const forget = (customerId: string | undefined) => (customerId ? cache.forget(customerId) : cache.clear())
  storage.subscribe(TOPIC, forget)

  return {
    find: cache.get,
    async tellChanged(customerId) {
      forget(customerId)
      // The change is stored; nodes that do not hear of it see it a moment later.
      await storage.publish(TOPIC, customerId).catch(() => {})
    },
  }
}
