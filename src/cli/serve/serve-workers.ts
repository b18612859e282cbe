import { leaveLocalAccess, newLocalToken } from '../../admin/local-access.ts'
import { openPrimaryChannel } from '../../cluster/primary-channel.ts'
import { startCluster } from '../../cluster.ts'
import { type Config, countWorkers } from '../../config.ts'
import type { Log } from '../../log.ts'
import { createMetrics } from '../../metrics.ts'
import { start } from '../../server.ts'
import { untilStopped } from './until-stopped.ts'
import { welcome } from './welcome.ts'

/** What a worker may take for closing, beyond what its requests may take. */
const CLOSING_MS = 10_000

/** The primary of several workers: it holds the ports and looks after the others. */
export async function serveWithWorkers(config: Config, log: Log): Promise<number> {
  const startedMs = performance.now()
  const [token = newLocalToken()] = config.ADMIN_TOKEN ?? []
  const workers = countWorkers(config)
  const started = await startCluster({
    workers,
    environment: config.ADMIN_TOKEN ? {} : { ADMIN_TOKEN: token },
    stopDeadlineMs: (config.SHUTDOWN_GRACE_SECONDS + config.SHUTDOWN_DEADLINE_SECONDS) * 1000 + CLOSING_MS,
    log,
  })
  if (started.outcome === 'failed') return started.exitCode
  const { cluster } = started
  const takeBackAccess = leaveLocalAccess(config.DATA_DIR, { url: cluster.adminUrl, token }, log)
  console.log(welcome(cluster, { isDemo: false, startedMs, dialects: [], workers }))
  process.on('SIGHUP', () => {
    console.log('· SIGHUP: replacing the workers one after another')
    void cluster.restart().then(() => console.log('· the workers were replaced; if not, the log says why'))
  })
  const stopped = untilStopped({ stop: cluster.stop, kill: cluster.kill }).then(() => undefined)
  const reason = await Promise.race([stopped, cluster.givenUp])
  takeBackAccess()
  if (reason === undefined) return 0
  console.error(`Stopped: ${reason}. The lines above say why; correct the cause and start again.`)
  return 1
}

/** One of several processes that serve the same ports. Signals go to all of them; only the primary heeds them. */
export async function serveAsWorker(config: Config, log: Log): Promise<number> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
  const metrics = createMetrics()
  let stop: (how: { isReplaced: boolean }) => void = () => process.exit(0)
  const primary = openPrimaryChannel({ figures: metrics.figures, onStop: (how) => stop(how) })
  const server = await start(config, {
    log: log.child({ worker: primary.workerId }),
    metrics: { ...metrics, render: primary.askMetrics },
    onProgress: (step) => console.log(`· ${step}`),
    isFoundLocally: false,
  })
  const stopped = new Promise<void>((resolve, reject) => {
    stop = (how) => {
      server.stop(how).then(resolve, reject)
    }
  })
  primary.ready(server)
  await stopped
  await primary.leave()
  return 0
}
