/** More work than can be done in time: come back after `retryAfterSeconds`. */
export type Busy = {
  readonly outcome: 'busy'
  readonly retryAfterSeconds: number
  /** Not this server is busy: the service that keeps the people does not answer. */
  readonly isServiceAway?: true
}
export type Done<T> = { readonly outcome: 'done'; readonly result: T }

export type HashingQueue = {
  /**
   * Runs `task` when a core is free. Callers take turns, so that a flood in one caller delays its own tasks and not
   * those of others.
   */
  run<T>(caller: string, task: () => Promise<T>): Promise<Done<T> | Busy>
  /** How many tasks run and wait: for metrics. */
  depth(): { readonly running: number; readonly waiting: number }
}

export type HashingQueueOptions = {
  /** Tasks at a time; one per core of this process. */
  readonly concurrency: number
  /** How long a task may wait for its turn. */
  readonly deadlineMs?: number
  /** Tasks that may wait in all, and in one caller. */
  readonly limit?: number
  readonly callerLimit?: number
  /** Told how long each task that ran had waited. */
  readonly onWaited?: (seconds: number) => void
}

type Waiting = { readonly start: () => void; readonly giveUp: NodeJS.Timeout }

/** Its tasks run only when no other caller has one waiting. */
export const BACKGROUND = 'background'

const MAX_RETRY_AFTER_SECONDS = 30
/** A guess until the first task has been timed. */
const FIRST_TASK_MS = 20

/** Bounds password hashing, so that a storm of logins leaves cores for signatures and introspection. */
export function createHashingQueue(options: HashingQueueOptions): HashingQueue {
  const { concurrency, deadlineMs = 5000, limit = 2000, callerLimit = 200, onWaited } = options
  const callers = new Map<string, Set<Waiting>>()
  let running = 0
  let waiting = 0
  let averageMs = FIRST_TASK_MS

  const busy = (): Busy => {
    const seconds = Math.ceil((waiting * averageMs) / concurrency / 1000)
    return { outcome: 'busy', retryAfterSeconds: Math.min(Math.max(seconds, 1), MAX_RETRY_AFTER_SECONDS) }
  }

  function enter(caller: string): Promise<boolean> {
    const queue = callers.get(caller) ?? new Set<Waiting>()
    if (waiting >= limit || queue.size >= callerLimit) return Promise.resolve(false)
    callers.set(caller, queue)
    waiting++
    return new Promise((resolve) => {
      const entry: Waiting = {
        start: () => resolve(true),
        giveUp: setTimeout(() => {
          remove(caller, queue, entry)
          resolve(false)
        }, deadlineMs),
      }
      queue.add(entry)
    })
  }

  function remove(caller: string, queue: Set<Waiting>, entry: Waiting): void {
    clearTimeout(entry.giveUp)
    queue.delete(entry)
    waiting--
    if (queue.size === 0) callers.delete(caller)
  }

  function startNext(): void {
    running--
    const caller = nextCaller()
    const queue = caller === undefined ? undefined : callers.get(caller)
    const entry = queue?.values().next().value
    if (caller === undefined || !queue || !entry) return
    remove(caller, queue, entry)
    // A Map keeps insertion order: the caller served goes to the end of the line.
    if (callers.delete(caller)) callers.set(caller, queue)
    running++
    entry.start()
  }

  function nextCaller(): string | undefined {
    for (const caller of callers.keys()) if (caller !== BACKGROUND) return caller
    return callers.keys().next().value
  }

  async function run<T>(caller: string, task: () => Promise<T>): Promise<Done<T> | Busy> {
    const enteredAtMs = performance.now()
    if (running < concurrency) running++
    else if (!(await enter(caller))) return busy()
    const startedAtMs = performance.now()
    onWaited?.((startedAtMs - enteredAtMs) / 1000)
    try {
      return { outcome: 'done', result: await task() }
    } finally {
      averageMs += (performance.now() - startedAtMs - averageMs) / 16
      startNext()
    }
  }

  return { run, depth: () => ({ running, waiting }) }
}
