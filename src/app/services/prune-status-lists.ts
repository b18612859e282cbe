import type { Log } from '../../log.ts'
import type { StatusLists } from '../../oauth/status-lists/status-lists.ts'
import type { CloseStep } from '../close-step.ts'

const EVERY_MS = 60_000

/** Removes status lists whose tokens have all expired, every minute; returns what ends it. */
export function pruneStatusLists(statusLists: Pick<StatusLists, 'prune'>, log: Pick<Log, 'warn'>): CloseStep {
  let pruning: Promise<unknown> = Promise.resolve()
  const timer = setInterval(() => {
    pruning = statusLists.prune().catch((err: unknown) => log.warn({ event: 'status-lists.prune-failed', err }))
  }, EVERY_MS)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await pruning
  }
}
