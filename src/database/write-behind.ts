/** Rows that are written in batches after what they tell of: adding one never waits and never throws. */
export type WriteBehind<Row> = {
  /** False when there was no room: the database is away for too long. */
  add(row: Row): boolean
  /** Waits until everything added so far is written. */
  flush(): Promise<void>
  waiting(): number
  /** Writes what waits, and stops. */
  close(): Promise<void>
}

export type WriteBehindOptions<Row> = {
  /** Writes a batch, all or nothing. */
  readonly write: (batch: readonly Row[]) => Promise<void>
  /** Told when a batch could not be written; its rows stay at the head of the queue. */
  readonly onFailed: (error: unknown) => void
  /** Asked before each batch for a row of its own, which goes behind the others. */
  readonly complete?: () => Row | undefined
}

const FLUSH_EVERY_MS = 200
const MAX_WAITING = 20_000

/** Opens such a queue. Every node has its own; what waits in it when a node is killed is lost, at most 200 ms of it. */
export function openWriteBehind<Row>({
  write,
  onFailed,
  complete = () => undefined,
}: WriteBehindOptions<Row>): WriteBehind<Row> {
  const waiting: Row[] = []
  let writing: Promise<void> = Promise.resolve()

  async function writeBatch(): Promise<void> {
    if (waiting.length < MAX_WAITING) {
      const last = complete()
      if (last !== undefined) waiting.push(last)
    }
    const batch = waiting.splice(0)
    if (batch.length === 0) return
    try {
      await write(batch)
    } catch (error) {
      waiting.unshift(...batch)
      onFailed(error)
    }
  }

  const flush = () => {
    writing = writing.then(writeBatch)
    return writing
  }
  const timer = setInterval(flush, FLUSH_EVERY_MS)
  timer.unref()

  return {
    add(row) {
      if (waiting.length >= MAX_WAITING) return false
      waiting.push(row)
      return true
    },
    flush,
    waiting: () => waiting.length,
    async close() {
      clearInterval(timer)
      await flush()
    },
  }
}
