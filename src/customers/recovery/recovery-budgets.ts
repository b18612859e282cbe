import { isLoopback, networkOf } from '../../credentials/ip-network.ts'
import type { Storage } from '../../storage/storage.ts'

/** How many mails may be asked for, by whom and for whom. */
export type MailBudgets = {
  /** Counts a request from an address, for any account; seconds to wait when there were too many. */
  takeForPlace(ip: string): Promise<number | undefined>
  /** Whether this account may get another mail of this kind, asked for from this address. */
  takeForAccount(kind: string, account: string, ip: string): Promise<boolean>
}

const WINDOW_SECONDS = 3600
/** Requests from one address; a shop's own counter or an office is one address. */
const PER_PLACE = 60
/** Mails of a kind to one account asked for from one address: requests from elsewhere do not use up the owner's. */
const PER_ACCOUNT_AND_PLACE = 3
const PER_ACCOUNT = 9

/** Counters against mail bombing, an hour long. What is over an account's budget is dropped without a word. */
export function createMailBudgets({
  storage,
  exemptsLoopback,
}: {
  readonly storage: Pick<Storage, 'increment'>
  readonly exemptsLoopback: boolean
}): MailBudgets {
  return {
    async takeForPlace(ip) {
      if (exemptsLoopback && isLoopback(ip)) return undefined
      const count = await storage.increment(`mail:place:${networkOf(ip)}`, WINDOW_SECONDS)
      return count > PER_PLACE ? WINDOW_SECONDS : undefined
    },
    async takeForAccount(kind, account, ip) {
      const key = `mail:${kind}:${account}`
      if ((await storage.increment(`${key}:${networkOf(ip)}`, WINDOW_SECONDS)) > PER_ACCOUNT_AND_PLACE) return false
      return (await storage.increment(key, WINDOW_SECONDS)) <= PER_ACCOUNT
    },
  }
}
