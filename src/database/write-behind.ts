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
  /** Asked whenever there is room again for a row of its own, which goes behind the others. */
  readonly complete?: () => Row | undefined
}

/** How long rows are gathered: the first of them waits for so long. */
const GATHER_MS = 200
const MAX_WAITING = 20_000
/** After an outage the queue is full: as one batch it would keep this thread, and the embedded database, for too long. */
const MAX_BATCH = 2000

/** Opens such a queue. Every node has its own; what waits in it when a node is killed is lost, at most 200 ms of it. */
export function openWriteBehind<Row>({
  write,
  onFailed,
  complete = () => undefined,
}: WriteBehindOptions<Row>): WriteBehind<Row> {
  const waiting: Row[] = []
  let writing: Promise<void> = Promise.resolve()
  /** There until what it began is over. */
  let timer: NodeJS.Timeout | undefined
  let isClosed = false

  function writeSoon(): void {
    if (isClosed || timer !== undefined || waiting.length === 0) return
    timer = setTimeout(async () => {
      await flush()
      timer = undefined
      writeSoon()
    }, GATHER_MS).unref()
  }

  function flush(): Promise<void> {
    writing = writing.then(writeAll)
    return writing
  }

  /** All that waits now; what comes meanwhile is of the next time. */
  async function writeAll(): Promise<void> {
    for (let left = waiting.length; left > 0; ) {
      const batch = waiting.slice(0, Math.min(left, MAX_BATCH))
      try {
        await write(batch)
      } catch (error) {
        onFailed(error)
        return
      }
      waiting.splice(0, batch.length)
      left -= batch.length
      const last = complete()
      if (last === undefined) continue
      waiting.push(last)
      left = waiting.length
    }
  }

  return {
    add(row) {
      if (waiting.length >= MAX_WAITING) return false
      waiting.push(row)
      writeSoon()
      return true
    },
    flush,
    waiting: () => waiting.length,
    async close() {
      isClosed = true
      clearTimeout(timer)
      await flush()
    },
  }
}
