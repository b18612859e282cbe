import { readConfig } from '../config.ts'
import { createLog } from '../log.ts'
import type { Command } from './command.ts'
import { welcome } from './welcome.ts'

/** Serves until a stop signal, then drains. A second signal ends the process at once. */
export const serve: Command = {
  name: 'serve',
  summary: 'run the authorization server',
  help: 'Usage: vestibule serve\n\nRuns the server with the settings of the environment ("vestibule config" lists them) until it is told to stop.\n\nExample: PORT=5000 npx vestibule serve',
  async run(_args, environment) {
    const config = readConfig(environment)
    const { start } = await import('../server.ts')
    const startedMs = performance.now()
    const log = createLog(isPerson(environment) ? 'warn' : config.LOG_LEVEL)
    const server = await start(config, { log, onProgress: (step) => console.log(`· ${step}`) })
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
    const isDemo = config.DEMO && !config.DATABASE_URL && config.NODE_ENV !== 'production'
    const dialects = config.DIALECTS.filter((name) => !config.DIALECT_MOUNTS.has(name))
    console.log(welcome(server, { isDemo, seconds, dialects }))

    await new Promise<void>((resolve) => {
      let isStopping = false
      const stop = (signal: string) => {
        if (isStopping) process.exit(1)
        isStopping = true
        console.log(`· ${signal}: finishing what is under way (again to stop at once)`)
        server.stop().then(resolve)
      }
      process.on('SIGINT', stop)
      process.on('SIGTERM', stop)
    })
    console.log('· stopped')
    return 0
  },
}

/** At a terminal, a line for each request would scroll away what there is to read; LOG_LEVEL brings them back. */
function isPerson({ LOG_LEVEL }: NodeJS.ProcessEnv): boolean {
  return LOG_LEVEL === undefined && process.stdout.isTTY === true
}
