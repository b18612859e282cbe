import { type FeedEntry, type FeedLog, feedEntry } from './feed-entry.ts'

/**
 * Keeps the newest entries of the log in memory: readers that keep up, and strangers who make cursors up, cost no question to the log. The
 * log never puts anything before a place that was read, so what is kept is only added to.
 */
export function createNewestEntries(endingLog: Pick<FeedLog, 'after'>, span: number) {
  let entries: FeedEntry[] = []
  /** What is kept lies behind the one place and reaches the other. */
  let [base, reach] = [0, -1]
  let reading: Promise<void> = Promise.resolve()

  async function readUpTo(head: number): Promise<void> {
    if (reach < 0 || reach < head - span || reach > head) {
      // It begins, this node was away for long, or the log was restored to an earlier state.
      entries = []
      base = Math.max(0, head - span)
      reach = base
    }
    while (reach < head) {
      const rows = await endingLog.after(reach, span)
      entries.push(...rows.map(feedEntry).filter((entry) => entry !== undefined))
      reach = Math.max(rows.at(-1)?.seq ?? head, rows.length < span ? head : reach)
    }
    const oldest = Math.max(base, head - span)
    if (oldest >= base + span) {
      entries = entries.filter(([seq]) => seq > oldest)
      base = oldest
    }
  }

  /** What is behind a place, up to where it reaches, which is the head or further; undefined where that is too far back. */
  return async function newestAfter(from: number, head: number) {
    if (reach !== head) {
      reading = reading.catch(() => {}).then(() => readUpTo(head))
      await reading
    }
    return from < base ? undefined : { entries: entries.filter(([seq]) => seq > from), to: reach }
  }
}
