import cluster from 'node:cluster'
import type { Addresses, ToPrimary, ToWorker } from './messages.ts'

export type Ended = { readonly code: number | null; readonly signal: string | null; readonly livedMs: number }

/** The primary's end of a worker. */
export type WorkerProcess = {
  readonly id: number
  readonly pid: number | undefined
  /** Undefined when it ended before it was ready. */
  readonly ready: Promise<Addresses | undefined>
  readonly ended: Promise<Ended>
  isReady(): boolean
  send(message: ToWorker): void
  /** Says stop, waits until `deadlineMs`, then kills. */
  stop(how: { isReplaced: boolean }, deadlineMs: number): Promise<void>
  kill(): void
}

/** Starts this program once more, with `environment` beside the one it has; it shares our ports. */
export function startWorker(
  environment: Readonly<Record<string, string>>,
  onMessage: (worker: WorkerProcess, message: ToPrimary) => void,
): WorkerProcess {
  // Workers take connections themselves. Handed out in turn, one that is given to a worker as it dies is lost.
  cluster.schedulingPolicy = cluster.SCHED_NONE
  const startedMs = performance.now()
  const forked = cluster.fork(environment)
  let isReady = false
  const ended = new Promise<Ended>((resolve) => {
    forked.once('exit', (code: number | null, signal: string | null) =>
      resolve({ code, signal, livedMs: performance.now() - startedMs }),
    )
  })
  // A worker that died is told nothing any more; its end is reported above.
  forked.on('error', () => {})
  const ready = new Promise<Addresses | undefined>((resolve) => {
    void ended.then(() => resolve(undefined))
    forked.on('message', (message: ToPrimary) => {
      if (message.type !== 'ready') return onMessage(worker, message)
      isReady = true
      resolve(message)
    })
  })

  const worker: WorkerProcess = {
    id: forked.id,
    pid: forked.process.pid,
    ready,
    ended,
    isReady: () => isReady,
    send(message) {
      if (forked.isConnected()) forked.send(message)
    },
    async stop(how, deadlineMs) {
      if (!isReady) worker.kill()
      worker.send({ type: 'stop', ...how })
      const deadline = setTimeout(worker.kill, deadlineMs)
      await ended
      clearTimeout(deadline)
    },
    kill: () => void forked.process.kill('SIGKILL'),
  }
  return worker
}
