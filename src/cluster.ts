import { setTimeout as pause } from 'node:timers/promises'
import { createNodeFigures } from './cluster/figures.ts'
import type { Addresses, ToPrimary } from './cluster/messages.ts'
import { planReplacement } from './cluster/replacement.ts'
import { type Ended, startWorker, type WorkerProcess } from './cluster/worker-process.ts'
import type { Log } from './log.ts'
import { createClusterMetrics } from './metrics.ts'

export type Cluster = Addresses & {
  /** Replaces one worker after another; each new one is ready before the old one goes. */
  restart(): Promise<void>
  /** Ends all workers in order. */
  stop(): Promise<void>
  /** Ends all workers at once. */
  kill(): void
  /** Settles, with the reason, when workers die at once again and again and none is left. */
  readonly givenUp: Promise<string>
}

export type ClusterDeps = {
  readonly workers: number
  /** What the workers have in their environment beside that of this process. */
  readonly environment: Readonly<Record<string, string>>
  /** How long a worker that was told to stop may take. */
  readonly stopDeadlineMs: number
  readonly log: Log
}

/** More than any rule about them looks at. */
const LIVES_REMEMBERED = 20

type Started = { readonly outcome: 'started'; readonly cluster: Cluster }
/** The first worker ended before it was ready, and said why. */
type Failed = { readonly outcome: 'failed'; readonly exitCode: number }

/**
 * Serves with several processes that share ports, storage, database and keys, and nothing else. This one only looks
 * after them: it replaces those that die, and adds up what they count.
 */
export async function startCluster({
  workers,
  environment,
  stopDeadlineMs,
  log,
}: ClusterDeps): Promise<Started | Failed> {
  /** The workers there are; those that are wanted are replaced when they die. */
  const crew = new Set<WorkerProcess>()
  const wanted = new Set<WorkerProcess>()
  const lives: number[] = []
  const metrics = createClusterMetrics()
  const figures = createNodeFigures({ own: metrics.figures, askWorkers })
  let isStopping = false
  let giveUp: (reason: string) => void = () => {}
  const givenUp = new Promise<string>((resolve) => {
    giveUp = resolve
  })

  function askWorkers(): number[] {
    const asked = [...crew].filter((worker) => worker.isReady())
    metrics.workers.set(asked.length)
    for (const worker of asked) worker.send({ type: 'count' })
    return asked.map(({ id }) => id)
  }

  function hear(worker: WorkerProcess, message: ToPrimary): void {
    if (message.type === 'figures') figures.received(worker.id, message.figures)
    if (message.type === 'ask-metrics') {
      figures.render().then(
        (rendered) => worker.send({ type: 'metrics', rendered }),
        (error) => log.error({ event: 'workers.metrics-failed', err: error }),
      )
    }
  }

  function hire(): WorkerProcess {
    const worker = startWorker(environment, hear)
    crew.add(worker)
    void worker.ended.then((end) => {
      crew.delete(worker)
      figures.left(worker.id)
      if (wanted.delete(worker) && !isStopping) void replace(worker, end)
    })
    return worker
  }

  async function replace({ id, pid }: WorkerProcess, { code, signal, livedMs }: Ended): Promise<void> {
    log.error({ event: 'workers.died', worker: id, pid, exitCode: code, signal })
    metrics.workerDeaths.inc()
    lives.push(livedMs)
    lives.splice(0, lives.length - LIVES_REMEMBERED)
    const plan = planReplacement(lives, { isAnyServing: [...crew].some((worker) => worker.isReady()) })
    if (plan.outcome === 'give up') {
      isStopping = true
      return giveUp(`workers exit with ${code ?? signal} right after they start`)
    }
    await pause(plan.afterMs)
    if (!isStopping) wanted.add(hire())
  }

  async function dismiss(worker: WorkerProcess, how: { isReplaced: boolean }): Promise<void> {
    wanted.delete(worker)
    await worker.stop(how, stopDeadlineMs)
  }

  /** False when the new worker did not come up: whatever is wrong would end the others as well. */
  async function renew(old: WorkerProcess): Promise<boolean> {
    const fresh = hire()
    if (!(await fresh.ready)) return false
    // It may have died meanwhile, and has a successor already.
    if (wanted.has(old)) wanted.add(fresh)
    await dismiss(wanted.has(fresh) ? old : fresh, { isReplaced: true })
    return true
  }

  async function renewAll(): Promise<void> {
    for (const worker of [...wanted]) {
      if (isStopping || (await renew(worker))) continue
      if (!isStopping) log.error({ event: 'workers.restart-failed' })
      return
    }
    log.info('all workers were replaced')
  }

  const first = hire()
  const addresses = await first.ready
  if (!addresses) return { outcome: 'failed', exitCode: (await first.ended).code ?? 1 }
  wanted.add(first)
  const others = Array.from({ length: workers - 1 }, hire)
  for (const worker of others) wanted.add(worker)
  await Promise.all(others.map(({ ready }) => ready))

  let restarting = Promise.resolve()
  return {
    outcome: 'started',
    cluster: {
      ...addresses,
      givenUp,
      restart() {
        restarting = restarting
          .then(renewAll)
          .catch((error) => log.error({ event: 'workers.restart-failed', err: error }))
        return restarting
      },
      async stop() {
        isStopping = true
        await Promise.all([...crew].map((worker) => dismiss(worker, { isReplaced: false })))
      },
      kill() {
        isStopping = true
        for (const worker of crew) worker.kill()
      },
    },
  }
}
