import { setFlagsFromString } from 'node:v8'
import { PGlite } from '@electric-sql/pglite'
import { whyNoRoom } from '../../disk-room.ts'
import { Unavailable } from '../../http/unavailable.ts'
import { isOutage } from '../outages.ts'

/** The package would take 160 MB for pages at once, which is more than all rows of a demo or a small shop. */
const START_PARAMETERS = [...PGlite.defaultStartParams, '-c', 'shared_buffers=16MB']
/**
 * V8 compiles the database's code once and does not optimize it later: optimizing its largest function takes 500 MB for a
 * second, and the result 100 MB for good. Both flags are needed, and count for what is compiled after they are set.
 */
const COMPILED_ONCE = ['--no-wasm-tier-up', '--no-wasm-dynamic-tiering']
const WRITES_NOTHING = /^\s*(select|show|begin|commit|rollback|savepoint|release)\b/i

/** The database of this process: refuses writes while the disk is nearly full, and is opened anew when it broke. */
export type EmbeddedInstance = {
  /** @throws {Unavailable} when it broke and there is no room to open it. */
  current(): Promise<PGlite>
  /**
   * Asks `pglite`, which `current` gave.
   *
   * @throws {Unavailable} when the disk is full, or that instance broke.
   */
  ask<T>(pglite: PGlite, sql: string, run: () => Promise<T>): Promise<T>
  isBroken(pglite: PGlite): boolean
  close(): Promise<void>
}

export async function openInstance(directory: string, reserveBytes?: number): Promise<EmbeddedInstance> {
  for (const flag of COMPILED_ONCE) setFlagsFromString(flag)
  const broken = new WeakSet<PGlite>()
  let pglite = await open(directory)

  function assertRoom(): void {
    const reason = whyNoRoom(directory, reserveBytes)
    if (reason !== undefined) throw new Unavailable('database', reason)
  }

  return {
    async current() {
      if (!broken.has(pglite)) return pglite
      assertRoom()
      pglite = await open(directory)
      return pglite
    },
    async ask(asked, sql, run) {
      if (broken.has(asked)) throw new Unavailable('database', 'the embedded database failed and is opened again')
      if (!WRITES_NOTHING.test(sql)) assertRoom()
      try {
        return await run()
      } catch (error) {
        if ((error as { severity?: string }).severity === 'PANIC') broken.add(asked) // what PGlite throws
        if (isOutage(error)) throw new Unavailable('database', error)
        throw error
      }
    },
    isBroken: (asked) => broken.has(asked),
    // A broken one cannot be closed; what it acknowledged is in its log.
    close: async () => void (!broken.has(pglite) && (await pglite.close())),
  }
}

async function open(directory: string): Promise<PGlite> {
  const pglite = new PGlite(directory, { startParams: START_PARAMETERS })
  await pglite.waitReady
  return pglite
}
