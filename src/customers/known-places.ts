import { networkOf } from '../credentials/ip-network.ts'
import type { Lockout } from '../credentials/lockout/lockout.ts'
import type { Customer } from './customer.ts'

export type KnownPlacesDeps = {
  readonly lockout: Pick<Lockout, 'remember'>
  readonly findCustomer: (id: string) => Promise<Pick<Customer, 'email'> | undefined>
  readonly onError: (error: unknown) => void
  /** Epoch milliseconds. */
  readonly now?: () => number
}

/** A place counts as known for months: once a day and node is often enough to say so. */
const REPEAT_AFTER_MS = 86_400_000
const LIMIT = 50_000

/**
 * Makes the addresses known that a customer's app refreshes its tokens from: wrong guesses of strangers then never lock
 * the customer out there. Returns at once.
 */
export function createKnownPlaces({ lockout, findCustomer, onError, now = Date.now }: KnownPlacesDeps) {
  const noted = new Map<string, number>()

  return function notePlace(customerId: string, ip: string): void {
    const key = `${customerId} ${networkOf(ip)}`
    if ((noted.get(key) ?? 0) > now()) return
    if (noted.size >= LIMIT) noted.clear()
    noted.set(key, now() + REPEAT_AFTER_MS)
    const remember = async () => {
      const customer = await findCustomer(customerId)
      if (customer) await lockout.remember(customer.email, { ip })
    }
    remember().catch((error: unknown) => {
      noted.delete(key)
      onError(error)
    })
  }
}
