import type { Storage } from './storage.ts'

/** More than any counter holds. */
const MORE_THAN_ANY_COUNT = 1_000_000_000
/** Only a counter that does not exist takes this window. */
const WINDOW_SECONDS = 1

/** Sets a counter to zero, in one trip. */
export function resetCounter(storage: Pick<Storage, 'increment'>, key: string): Promise<number> {
  return storage.increment(key, WINDOW_SECONDS, -MORE_THAN_ANY_COUNT)
}
