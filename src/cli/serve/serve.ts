import cluster from 'node:cluster'
import { type Config, countWorkers, readConfig, whyNoDemo } from '../../config.ts'
import { makeDatabaseAhead } from '../../database/index.ts'
import { createLog, type Log } from '../../log.ts'
import { singleAction } from '../command/single-action.ts'
import { untilStopped } from './until-stopped.ts'
import { welcome } from './welcome.ts'

/** Serves until a stop signal, then drains. A second signal ends the process at once. */
export const serve = singleAction({
  name: 'serve',
  summary: 'run the authorization server',
  does: `Runs the server with the settings of the environment ("vestibule config" lists them) until a stop signal.

On SIGINT or SIGTERM the server finishes running requests and exits; on a second signal it exits at once. With WORKERS
above 1, SIGHUP replaces one worker after another without losing a request.`,
  example: '',
  printsJson: false,
  async run({ environment }) {
    // The line to its primary must not keep a worker whose start failed; one that serves is kept by its ports.
    if (cluster.isWorker) process.channel?.unref()
    const config = readConfig(environment)
    const log = createLog(isPerson(environment) ? 'warn' : config.LOG_LEVEL)
    if (!cluster.isWorker && countWorkers(config) === 1) return serveAlone(config, log)
    const { serveAsWorker, serveWithWorkers } = await import('./serve-workers.ts')
    return cluster.isWorker ? serveAsWorker(config, log) : serveWithWorkers(config, log)
  },
})

async function serveAlone(config: Config, log: Log): Promise<number> {
  const startedMs = performance.now()
  if (config.WORKERS === 'auto' && !config.DATABASE_URL)
    console.log('· one process: the embedded database allows only one; set DATABASE_URL to use more')
  const onProgress = (step: string) => console.log(`· ${step}`)
  const making = makeDatabaseAhead(config, onProgress)
  const [{ start }] = await Promise.all([import('../../server.ts'), making])
  const server = await start(config, { log, onProgress })
  const isDemo = config.DEMO && !config.DATABASE_URL && !whyNoDemo(config)
  const dialects = config.DIALECTS.filter((name) => !config.DIALECT_MOUNTS.has(name))
  console.log(welcome(server, { isDemo, startedMs, dialects }))
  await untilStopped({ signals: ['SIGINT', 'SIGTERM', 'SIGHUP'], stop: () => server.stop() })
  return 0
}

/** At a terminal, a line for each request would scroll away what there is to read; LOG_LEVEL brings them back. */
function isPerson({ LOG_LEVEL }: NodeJS.ProcessEnv): boolean {
  return LOG_LEVEL === undefined && process.stdout.isTTY === true
}
