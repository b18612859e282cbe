/** Sends what waits in the database to a receiver, in the background. */
export type Deliveries = {
  /** There is something new: do not wait for the next look. */
  wake(): void
  /** What the receiver did not have at the last look: for metrics. */
  behind(): number
  close(): Promise<void>
}

export type DeliveriesDeps = {
  /** How much waits. */
  readonly behind: () => Promise<number>
  /** Sends some of it. @returns why it was not taken; undefined when it was. */
  readonly deliver: () => Promise<string | undefined>
  readonly onFailure: (error: unknown, behind: number) => void
  /** Another node may go on. */
  readonly giveBack: () => Promise<void>
  /** How often what other nodes wrote is looked for. */
  readonly lookEveryMs?: number | undefined
  /** After the first failure; doubles with each, up to five minutes. */
  readonly firstDelayMs?: number | undefined
}

/** What `deliver` answers when another node has the turn, or took the last of it before us. */
export const NOTHING_TO_DO = 'nothing to do'

const LOOK_EVERY_MS = 1000
const FIRST_DELAY_MS = 1000
const MAX_DELAY_MS = 300_000

/** Delivers until nothing waits, looks again from time to time, and leaves a receiver that is away alone for longer and longer. */
export function openDeliveries(deps: DeliveriesDeps): Deliveries {
  const { lookEveryMs = LOOK_EVERY_MS, firstDelayMs = FIRST_DELAY_MS } = deps
  let behind = 0
  let failures = 0
  let isClosing = false
  let isWoken = false
  let timer: NodeJS.Timeout | undefined
  let round: Promise<void> | undefined

  async function deliver(): Promise<void> {
    try {
      behind = await deps.behind()
      while (behind > 0 && !isClosing) {
        const failure = await deps.deliver()
        if (failure === NOTHING_TO_DO) break
        if (failure !== undefined) throw new Error(failure)
        failures = 0
        behind = await deps.behind()
      }
    } catch (error) {
      failures += 1
      deps.onFailure(error, behind)
    }
  }

  function schedule(delayMs: number): void {
    clearTimeout(timer)
    if (isClosing) return
    timer = setTimeout(start, delayMs)
    timer.unref()
  }

  function start(): void {
    isWoken = false
    round = deliver().finally(() => {
      round = undefined
      if (failures > 0) schedule(Math.min(firstDelayMs * 2 ** (failures - 1), MAX_DELAY_MS))
      else schedule(isWoken ? 0 : lookEveryMs)
    })
  }

  start()
  return {
    wake() {
      isWoken = true
      // A receiver that is away is left alone until its time has come.
      if (!round && failures === 0) schedule(0)
    },
    behind: () => behind,
    async close() {
      isClosing = true
      clearTimeout(timer)
      await round
      await deps.giveBack().catch(() => {})
    },
  }
}
