import type { FeedLog } from './feed-entry.ts'

/** How far the log went when it was asked. */
export type Head = {
  readonly head: number
  readonly floor: number
  readonly checkedAtMs: number
  /** When this node first saw it go so far. */
  readonly sinceMs: number
}

/**
 * Knows how far the log goes without asking it for each request: it is asked again when it tells of news, and after `keptMs`. Whoever
 * comes after an ending took effect on this node gets a head with it.
 */
export function createHeadWatch(
  endingLog: Pick<FeedLog, 'head' | 'floor' | 'onNew'>,
  { keptMs, now }: { readonly keptMs: number; readonly now: () => number },
) {
  let known: Head | undefined
  let isStale = true
  let asking: Promise<Head> | undefined
  let waiting: (() => void)[] = []

  const stop = endingLog.onNew(() => {
    isStale = true
    const told = waiting
    waiting = []
    for (const tell of told) tell()
  })

  async function ask(): Promise<Head> {
    isStale = false
    const checkedAtMs = now()
    try {
      const [head, floor] = await Promise.all([endingLog.head(), endingLog.floor()])
      known = { head, floor, checkedAtMs, sinceMs: known?.head === head ? known.sinceMs : checkedAtMs }
      return known
    } catch (error) {
      isStale = true
      throw error
    }
  }

  /** Asks the log, or joins who asks it. */
  function check(): Promise<Head> {
    asking ??= ask().finally(() => {
      asking = undefined
    })
    return asking
  }

  const isFresh = (head: Head) => !isStale && now() - head.checkedAtMs < keptMs

  return {
    check,

    /** The same where it need not be asked. */
    peek: (): Head | undefined => (known && !asking && isFresh(known) ? known : undefined),

    async current(): Promise<Head> {
      // What was asked before the last news does not answer for it.
      if (asking) await asking
      if (known && isFresh(known)) return known
      return check()
    },

    /** Resolves when the log tells of news, or when `signal` is aborted. */
    news(signal: AbortSignal): Promise<void> {
      if (signal.aborted) return Promise.resolve()
      return new Promise((resolve) => {
        const tell = () => {
          signal.removeEventListener('abort', giveUp)
          resolve()
        }
        const giveUp = () => {
          waiting = waiting.filter((other) => other !== tell)
          resolve()
        }
        signal.addEventListener('abort', giveUp, { once: true })
        waiting.push(tell)
      })
    },

    close: (): void => stop(),
  }
}
