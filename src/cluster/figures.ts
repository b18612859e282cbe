import { addUpCounts, type Figures, type Rendered, renderTogether } from '../metrics.ts'

/** A worker that does not answer counts with what it said last. */
const ANSWER_LIMIT_MS = 2000

/**
 * The metrics of a node with several workers: all are asked, and what those that ended had counted stays in the totals.
 */
export function createNodeFigures({ own, askWorkers }: { own: () => Promise<Figures>; askWorkers: () => number[] }) {
  const latest = new Map<number, Figures>()
  const waiting = new Map<number, Set<() => void>>()
  let departed: Figures = []
  let lastDeparture = Promise.resolve()

  const settle = (workerId: number) => {
    for (const done of waiting.get(workerId) ?? []) done()
    waiting.delete(workerId)
  }
  const answerOf = (workerId: number) =>
    new Promise<void>((resolve) => {
      waiting.set(workerId, (waiting.get(workerId) ?? new Set()).add(resolve))
    })

  return {
    received(workerId: number, figures: Figures): void {
      latest.set(workerId, figures)
      settle(workerId)
    },
    left(workerId: number): void {
      const last = latest.get(workerId) ?? []
      latest.delete(workerId)
      settle(workerId)
      lastDeparture = lastDeparture.then(async () => {
        departed = await addUpCounts([departed, last])
      })
    },
    async render(): Promise<Rendered> {
      const answers = Promise.all(askWorkers().map(answerOf))
      let limit: NodeJS.Timeout | undefined
      const expired = new Promise<void>((resolve) => {
        limit = setTimeout(resolve, ANSWER_LIMIT_MS)
      })
      await Promise.race([answers, expired])
      clearTimeout(limit)
      await lastDeparture
      return renderTogether([await own(), departed, ...latest.values()])
    },
  }
}
