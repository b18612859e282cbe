export type RetryQueue<T> = {
  /** False when the queue is full or closing. */
  add(item: T): boolean
  /** Lets what is under way finish; the rest is given up. */
  close(): Promise<void>
}

export type RetryQueueDeps<T> = {
  /** One attempt. @returns why it failed; undefined when it did not. */
  readonly attempt: (item: T) => Promise<string | undefined>
  readonly onGivenUp: (item: T, reason: string) => void
  readonly limit: number
  readonly inFlight: number
  readonly maxAttempts: number
  /** Doubles with each attempt. */
  readonly firstDelayMs: number
}

type Entry<T> = { readonly item: T; attempts: number }

/** Work in the background that may fail and is tried again later. Bounded: memory does not grow while a peer is down. */
export function createRetryQueue<T>(deps: RetryQueueDeps<T>): RetryQueue<T> {
  const ready: Entry<T>[] = []
  const waiting = new Map<NodeJS.Timeout, Entry<T>>()
  const running = new Set<Promise<void>>()
  let isClosing = false

  function pump(): void {
    while (running.size < deps.inFlight) {
      const entry = ready.shift()
      if (!entry) return
      const run = work(entry).finally(() => {
        running.delete(run)
        pump()
      })
      running.add(run)
    }
  }

  async function work(entry: Entry<T>): Promise<void> {
    entry.attempts += 1
    const reason = await deps.attempt(entry.item)
    if (reason === undefined) return
    if (isClosing || entry.attempts >= deps.maxAttempts) deps.onGivenUp(entry.item, reason)
    else tryLater(entry)
  }

  function tryLater(entry: Entry<T>): void {
    const again = () => {
      waiting.delete(timer)
      ready.push(entry)
      pump()
    }
    const timer = setTimeout(again, deps.firstDelayMs * 2 ** (entry.attempts - 1))
    timer.unref()
    waiting.set(timer, entry)
  }

  return {
    add(item) {
      if (isClosing || ready.length + waiting.size + running.size >= deps.limit) return false
      ready.push({ item, attempts: 0 })
      pump()
      return true
    },
    async close() {
      isClosing = true
      for (const timer of waiting.keys()) clearTimeout(timer)
      for (const { item } of [...ready.splice(0), ...waiting.values()]) deps.onGivenUp(item, 'the server is stopping')
      await Promise.all(running)
    },
  }
}
