/** Work in the background, one round at a time. */
export type Rounds = {
  /** There is something new: the next round begins now, or when the one under way is over, if `nextMs` says so of one that is woken. */
  wake(): void
  /** Ends when the round under way is over; no other follows. */
  close(): Promise<void>
}

export type RoundsDeps = {
  /** One round, which must not fail. `isClosing` says whether it should come to an end. */
  readonly run: (isClosing: () => boolean) => Promise<void>
  /** In how many milliseconds the next round begins: 0 for at once, undefined when only `wake` begins it. */
  readonly nextMs: (isWoken: boolean) => number | undefined
}

/** Begins with a round at once. */
export function openRounds({ run, nextMs }: RoundsDeps): Rounds {
  let isClosing = false
  let isWoken = false
  let timer: NodeJS.Timeout | undefined
  let round: Promise<void> | undefined

  function schedule(delayMs: number | undefined): void {
    clearTimeout(timer)
    if (isClosing || delayMs === undefined) return
    timer = setTimeout(start, delayMs).unref()
  }

  function start(): void {
    isWoken = false
    round = run(() => isClosing).finally(() => {
      round = undefined
      schedule(nextMs(isWoken))
    })
  }

  schedule(0)
  return {
    wake() {
      isWoken = true
      if (!round && nextMs(isWoken) === 0) schedule(0)
    },
    async close() {
      isClosing = true
      clearTimeout(timer)
      await round
    },
  }
}
