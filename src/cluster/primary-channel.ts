import cluster from 'node:cluster'
import type { Figures, Rendered } from '../metrics.ts'
import type { Addresses, ToPrimary, ToWorker } from './messages.ts'

/** A worker's end of the talk with its primary. */
export type PrimaryChannel = {
  readonly workerId: number
  ready(addresses: Addresses): void
  /** The metrics of all workers together. */
  askMetrics(): Promise<Rendered>
  /** Says the last figures, so that nothing is missing from the totals, and ends this process. */
  leave(): Promise<void>
}

/**
 * Answers the primary's questions for figures, and calls `onStop` once it says stop. Without its primary a worker ends
 * at once: Node sees to that.
 */
export function openPrimaryChannel({
  figures,
  onStop,
}: {
  figures: () => Promise<Figures>
  onStop: (how: { isReplaced: boolean }) => void
}): PrimaryChannel {
  const waiting = new Set<(rendered: Rendered) => void>()
  const sendFigures = async () => say({ type: 'figures', figures: await figures() })

  process.on('message', (message: ToWorker) => {
    // Without an answer the primary counts with what was said last.
    if (message.type === 'count') sendFigures().catch(() => {})
    if (message.type === 'stop') onStop(message)
    if (message.type !== 'metrics') return
    for (const answer of waiting) answer(message.rendered)
    waiting.clear()
  })
  return {
    workerId: cluster.worker?.id ?? 0,
    ready: (addresses) => void say({ type: 'ready', ...addresses }),
    askMetrics: () =>
      new Promise((resolve) => {
        waiting.add(resolve)
        void say({ type: 'ask-metrics' })
      }),
    async leave() {
      await sendFigures()
      process.disconnect()
    },
  }
}

/** Done when the message is on its way; a primary that is gone needs none. */
function say(message: ToPrimary): Promise<void> {
  return new Promise((resolve) => {
    if (!process.send || !process.connected) return resolve()
    process.send(message, undefined, undefined, () => resolve())
  })
}
