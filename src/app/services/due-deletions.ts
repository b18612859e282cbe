import type { AccountDeletions } from '../../customers/records/account-deletions.ts'
import type { Log } from '../../log.ts'
import type { CloseStep } from '../close-step.ts'

const EVERY_MS = 60_000

/** Erases accounts whose day has come, on whichever node looks first; the answer ends it. */
export function eraseDueAccounts(deletions: Pick<AccountDeletions, 'eraseDue'>, log: Pick<Log, 'warn'>): CloseStep {
  let underWay: Promise<unknown> | undefined
  const timer = setInterval(() => {
    underWay ??= deletions
      .eraseDue()
      .catch((error: unknown) => log.warn({ event: 'account.deletion-failed', err: error }))
      .finally(() => {
        underWay = undefined
      })
  }, EVERY_MS)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await underWay
  }
}
