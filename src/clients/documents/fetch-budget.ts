import { networkOf } from '../../credentials/ip-network.ts'
import type { Storage } from '../../storage/storage.ts'

/** Documents that are fetched in a minute, on all nodes together. */
export const FETCHES_PER_MINUTE = { network: 20, host: 30, strangers: 120, known: 6 } as const
const WINDOW_SECONDS = 60

/** Who asks for which document. */
export type Asked = {
  readonly url: URL
  readonly ip: string
  readonly isStranger: boolean
  /** One that was good before. It has a budget of its own, which others cannot use up. */
  readonly isKnown: boolean
}

/** Whether one more document may be fetched. Each budget is of its own kind, and the first that is used up spares the others. */
export function createFetchBudget(storage: Pick<Storage, 'increment'>) {
  const within = async (name: string, most: number) =>
    (await storage.increment(`client-document:${name}`, WINDOW_SECONDS)) <= most

  return async function mayFetch({ url, ip, isStranger, isKnown }: Asked): Promise<boolean> {
    if (isKnown) return within(`known:${url.href}`, FETCHES_PER_MINUTE.known)
    return (
      (await within(`network:${networkOf(ip)}`, FETCHES_PER_MINUTE.network)) &&
      (await within(`host:${url.host}`, FETCHES_PER_MINUTE.host)) &&
      (!isStranger || (await within('strangers', FETCHES_PER_MINUTE.strangers)))
    )
  }
}
