import { setTimeout } from 'node:timers/promises'
import { type WrappingDeps, type WrappingOptions, type WrappingProgress, wrapFastHashes } from './wrap-fast-hashes.ts'

export type WrappingReport = Awaited<ReturnType<typeof wrapFastHashes>>

export type BackgroundWrapping = {
  /** Goes over all rows once more, now or after the round under way. Returns at once. */
  wake(): void
  /** The same, and waits for its end; `signal` ends the waiting, not the work. */
  follow(options: WrappingOptions): Promise<WrappingReport>
  /** How far the round under way is; undefined at rest. */
  progress(): WrappingProgress | undefined
  /** Stops after the hash in hand. */
  close(): Promise<void>
}

const RETRY_PAUSE_MS = 60_000

/** Wraps fast hashes behind the logins, one round at a time in this process. After a failure it tries again. */
export function openBackgroundWrapping({
  onError,
  ...deps
}: WrappingDeps & { readonly onError: (error: unknown) => void }): BackgroundWrapping {
  const stop = new AbortController()
  const followers = new Set<(progress: WrappingProgress) => void>()
  let progress: WrappingProgress | undefined
  let isAskedAgain = false
  let running: Promise<WrappingReport> | undefined

  function tell(next: WrappingProgress): void {
    progress = next
    for (const follower of followers) follower(next)
  }

  async function work(): Promise<WrappingReport> {
    let wrapped = 0
    try {
      for (;;) {
        isAskedAgain = false
        const round = await wrapFastHashes(deps, { signal: stop.signal, onProgress: tell })
        wrapped += round.wrapped
        if (!isAskedAgain || round.outcome === 'stopped') return { ...round, wrapped }
      }
    } finally {
      running = undefined
      progress = undefined
    }
  }

  function begin(): Promise<WrappingReport> {
    isAskedAgain = true
    running ??= work()
    return running
  }

  async function persist(): Promise<void> {
    while (!stop.signal.aborted) {
      try {
        await begin()
        return
      } catch (error) {
        if (stop.signal.aborted) return
        onError(error)
        await setTimeout(RETRY_PAUSE_MS, undefined, { ref: false, signal: stop.signal }).catch(() => {})
      }
    }
  }

  return {
    wake: () => void persist(),
    async follow({ onProgress = () => {}, signal }) {
      followers.add(onProgress)
      try {
        const left = new Promise<WrappingReport>((resolve) =>
          signal?.addEventListener('abort', () => resolve({ wrapped: 0, outcome: 'stopped' }), { once: true }),
        )
        return await Promise.race([begin(), left])
      } finally {
        followers.delete(onProgress)
      }
    },
    progress: () => progress,
    async close() {
      stop.abort()
      await running?.catch(() => {})
    },
  }
}
