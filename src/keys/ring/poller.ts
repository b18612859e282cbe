import type { Log } from '../../log.ts'
import { messageOf } from '../../thrown.ts'

export type Poller = {
  /** Does the work now; calls that come while it is being done share one more round. */
  run(): Promise<void>
  /** Does the work soon, without being waited for. */
  hurry(): void
  start(): void
  problem(): string | undefined
  stop(): Promise<void>
}

/** Repeats `work`, one round at a time; a failing round is logged once per cause and tried again. */
export function createPoller(deps: {
  readonly work: () => Promise<void>
  readonly everyMs: number
  readonly log: Pick<Log, 'warn' | 'info'>
}): Poller {
  const rounds = createRounds(deps.work)
  let timer: NodeJS.Timeout | undefined
  let problem: string | undefined
  let isStopped = false

  const run = (): Promise<void> => (isStopped ? Promise.resolve() : rounds.run())
  const attempt = async (): Promise<void> => {
    try {
      await run()
      if (problem !== undefined) deps.log.info({ event: 'keys.recovered' }, 'the key store can be read again')
      problem = undefined
    } catch (error) {
      const message = messageOf(error)
      if (message !== problem) deps.log.warn({ event: 'keys.unreachable', reason: message })
      problem = message
    }
  }
  const schedule = (): void => {
    timer = setTimeout(() => void attempt().finally(() => !isStopped && schedule()), deps.everyMs).unref()
  }

  return {
    run,
    hurry: () => void attempt(),
    start: schedule,
    problem: () => problem,
    async stop() {
      isStopped = true
      clearTimeout(timer)
      await rounds.settled()
    },
  }
}

/** Runs `work` one round at a time; a call during a round gets the next one, which begins after the call. */
function createRounds(work: () => Promise<void>): { run(): Promise<void>; settled(): Promise<void> } {
  let current: Promise<void> | undefined
  let following: Promise<void> | undefined

  const begin = (): Promise<void> => {
    following = undefined
    current = work().finally(() => {
      current = undefined
    })
    return current
  }

  return {
    run() {
      if (!current) return begin()
      following ??= current.catch(() => {}).then(begin)
      return following
    },
    async settled() {
      await Promise.allSettled([current, following])
    },
  }
}
