import { Unavailable } from '../http/unavailable.ts'
import type { Storage } from './storage.ts'

const RETRY_MS = 250

export type ReturnCheck = (storage: Storage) => Promise<void>

/**
 * A server that was away may come back without its memory, or with an old one. From the moment the connection is lost
 * nothing is answered until every check has looked at what came back; without checks the gate stands open.
 */
export function createReturnGate(behind: () => Storage, onError: (error: unknown) => void) {
  const checks: ReturnCheck[] = []
  let isOpen = true
  let visit = 0

  async function look(current: number): Promise<void> {
    try {
      for (const check of checks) await check(behind())
      if (current === visit) isOpen = true
    } catch (error) {
      onError(error)
      setTimeout(() => current === visit && look(current), RETRY_MS).unref()
    }
  }

  return {
    add: (check: ReturnCheck): void => void checks.push(check),
    lost(): void {
      visit++
      isOpen = checks.length === 0
    },
    returned(): void {
      if (!isOpen) void look(++visit)
    },
    /** Looks without closing. */
    recheck(): void {
      if (isOpen) void look(visit)
    },
    /** @throws {Unavailable} while what came back was not looked at. */
    assertOpen(): void {
      if (!isOpen) throw new Unavailable('storage', 'the connection was lost and what is there now is not checked yet')
    },
  }
}
