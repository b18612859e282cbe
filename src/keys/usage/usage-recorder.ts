import type { Knex } from 'knex'
import type { Log } from '../../log.ts'
import { keySetHash } from '../key-set-hash.ts'
import type { KeyUsage, Verifier } from './key-usage.ts'
import { countFetch, countSet, countUse, emptyBatch } from './usage-batch.ts'
import { createUsageRows } from './usage-rows.ts'

const FLUSH_EVERY_MS = 5000

/** What really happens to keys: who fetched them, what signs, what arrives. All but `report` and `flush` is in memory. */
export type KeyUsageRecorder = {
  /** This node publishes exactly these keys from now on. */
  published(kids: readonly string[]): void
  /** The key set was fetched, also where the answer was 304. */
  fetched(verifier: Verifier): void
  signed(kid: string): void
  /** A token with this kid arrived; kids that were never ours are not counted. */
  seen(kid: string): void
  flush(): Promise<void>
  report(kids: readonly string[]): Promise<KeyUsage[]>
  close(): Promise<void>
}

/** Opens the recorder; it writes a batch every five seconds, and what is left at `close`. */
export function openKeyUsage(deps: {
  readonly knex: Knex
  readonly log: Pick<Log, 'warn'>
  readonly now?: () => number
  readonly flushEveryMs?: number
}): KeyUsageRecorder {
  const now = deps.now ?? (() => Math.floor(Date.now() / 1000))
  const rows = createUsageRows(deps.knex, now)
  const known = new Set<string>()
  let hash = ''
  let batch = emptyBatch()

  async function flush(): Promise<void> {
    const written = batch
    batch = emptyBatch()
    await rows.write(written)
  }
  const warn = ({ message }: Error) => deps.log.warn({ event: 'keys.usage-lost', reason: message })
  const timer = setInterval(() => void flush().catch(warn), deps.flushEveryMs ?? FLUSH_EVERY_MS).unref()

  return {
    published(kids) {
      hash = keySetHash(kids)
      for (const kid of kids) known.add(kid)
      countSet(batch, hash, kids, now())
    },
    fetched: (verifier) => countFetch(batch, verifier, hash, now()),
    signed: (kid) => countUse(batch, kid, 'signed', now()),
    seen: (kid) => (known.has(kid) ? countUse(batch, kid, 'seen', now()) : undefined),
    flush,
    async report(kids) {
      await flush()
      return rows.report(kids)
    },
    async close() {
      clearInterval(timer)
      // A database that takes no writes must not keep the server from ending.
      await flush().catch(warn)
    },
  }
}
