import type { Knex } from 'knex'
import { openWriteBehind } from '../database/write-behind.ts'
import type { Log } from '../log.ts'
import { startPruning } from '../storage/sql-pruning.ts'
import {
  type AddedConsent,
  findConsents,
  findUses,
  forgetLinks,
  isLinked,
  type KeptConsent,
  type LastUse,
  type LinkConsent,
  type LinkUse,
  writeConsent,
  writeUses,
} from './link-rows.ts'

/** What is kept of links of customers with software of others. Whether one is alive, its grant says. */
export type ClientLinks = {
  /** Notes a use. Never throws and never waits. */
  noteUse(use: Omit<LinkUse, 'atMs'>): void
  /** Keeps what a customer allowed, with what a page of ours said. */
  keepConsent(consent: LinkConsent): Promise<AddedConsent>
  /** The consents of a customer, newest first, to one client or to all. */
  consentsOf(customerId: string, clientId?: string): Promise<KeptConsent[]>
  /** The last uses of these grants, by their ids. */
  usesOf(grantIds: readonly string[]): Promise<Map<string, LastUse>>
  /** Whether the customer has, or had not long ago, a link with the client. */
  isLinked(customerId: string, clientId: string): Promise<boolean>
  /** Of a customer who was erased. */
  forget(customerId: string): Promise<void>
  /** Waits until the uses that this node noted are written. */
  flush(): Promise<void>
  close(): Promise<void>
}

export type ClientLinksDeps = {
  readonly knex: Knex
  readonly log: Pick<Log, 'warn'>
  /** For how long a row is kept without use. */
  readonly keptSeconds: number
  /** Told of the first use of a link on a day (UTC). */
  readonly onUsed: (use: LinkUse) => void
}

const TABLES = [{ name: 'client_links' }, { name: 'link_consents' }] as const

export function openClientLinks({ knex, log, keptSeconds, onUsed }: ClientLinksDeps): ClientLinks {
  const expiresAt = () => Math.floor(Date.now() / 1000) + keptSeconds
  const queue = openWriteBehind<LinkUse>({
    write: async (batch) => (await writeUses(knex, batch, expiresAt())).forEach(onUsed),
    onFailed: (error) => log.warn({ event: 'client-links.write-failed', err: error }),
  })
  const stopPruning = startPruning(knex, TABLES, (error) =>
    log.warn({ event: 'client-links.prune-failed', err: error }),
  )
  return {
    noteUse(use) {
      queue.add({ ...use, atMs: Date.now() })
    },
    keepConsent: (consent) => writeConsent(knex, consent, expiresAt()),
    consentsOf: (customerId, clientId) => findConsents(knex, customerId, clientId),
    usesOf: (grantIds) => findUses(knex, grantIds),
    isLinked: (customerId, clientId) => isLinked(knex, customerId, clientId),
    forget: (customerId) => forgetLinks(knex, customerId),
    flush: queue.flush,
    async close() {
      stopPruning()
      await queue.close()
    },
  }
}
