import { ConfigError, readConfig } from '../config.ts'
import type { Command } from './command.ts'

/** Loads the demo shop into a database that did not get it by itself. */
export const demo: Command = {
  name: 'demo',
  summary: 'load the demo customers and clients',
  help: 'Usage: vestibule demo load\n\nLoads the demo shop; loading it again changes nothing. Refused when NODE_ENV is production.\n\nExample: DATABASE_URL=postgres://localhost/vestibule npx vestibule demo load',
  async run(args, environment) {
    if (args[0] !== 'load') {
      console.error(demo.help)
      return 2
    }
    const config = readConfig(environment)
    if (config.NODE_ENV === 'production') {
      throw new ConfigError(['NODE_ENV is production, and demo secrets are public. Load the demo elsewhere.'])
    }
    const { loadDemoInto } = await import('./load-demo.ts')
    await loadDemoInto(config)
    console.log('the demo shop is loaded')
    return 0
  },
}
