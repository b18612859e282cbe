import { Unavailable } from '../http/unavailable.ts'
import type { Storage } from './storage.ts'

const RETRY_MS = 250

export type ReturnCheck = (storage: Storage) => Promise<void>

/**
 * A storage server may come back empty or with old data. From the loss of the connection on, storage refuses every call
 * until all checks have passed on what came back. Without checks it refuses nothing.
 */
export function createReturnGate(behind: () => Storage, onError: (error: unknown) => void) {
  const checks: ReturnCheck[] = []
  let isOpen = true
  let round = 0

  async function look(current: number): Promise<void> {
    try {
      for (const check of checks) await check(behind())
      if (current === round) isOpen = true
    } catch (error) {
      onError(error)
      setTimeout(() => current === round && look(current), RETRY_MS).unref()
    }
  }

  return {
    add: (check: ReturnCheck): void => void checks.push(check),
    lost(): void {
      round++
      isOpen = checks.length === 0
    },
    returned(): void {
      if (!isOpen) void look(++round)
    },
    /** Runs the checks and serves meanwhile. */
    recheck(): void {
      if (isOpen) void look(round)
    },
    /** @throws {Unavailable} until the checks have passed. */
    assertOpen(): void {
      if (!isOpen)
        throw new Unavailable('storage', 'the connection was lost, and the data behind the new one is not checked yet')
    },
  }
}
