import { type Config, ConfigError, readConfig } from '../config.ts'
import type { Command } from './command/command.ts'

const HELP = `Usage: vestibule demo ACTION

  load     load the demo shop; loading it again changes nothing. Refused when NODE_ENV is production
  remove   remove clients, customers and agents that still have their demo secret; the server must not run on DATA_DIR

Example: DATABASE_URL=postgres://localhost/vestibule npx vestibule demo load`

/** Loads the demo shop into a database that did not get it by itself, or takes it away again. */
export const demo: Command = {
  name: 'demo',
  summary: 'load or remove the demo customers and clients',
  help: HELP,
  async run(args, environment) {
    const [action] = args
    if (action !== 'load' && action !== 'remove') {
      console.error(HELP)
      return 2
    }
    await (action === 'load' ? load(readConfig(environment)) : remove(readConfig(environment)))
    return 0
  },
}

async function load(config: Config): Promise<void> {
  if (config.NODE_ENV === 'production') {
    throw new ConfigError(['NODE_ENV is production, and demo secrets are public. Load the demo elsewhere.'])
  }
  const { loadDemoInto } = await import('./demo-database.ts')
  await loadDemoInto(config)
  console.log('the demo shop is loaded')
}

async function remove(config: Config): Promise<void> {
  const { removeDemoFrom } = await import('./demo-database.ts')
  const removed = await removeDemoFrom(config)
  for (const { kind, name } of removed) console.log(`removed ${kind} ${name}`)
  if (removed.length === 0) console.log('nobody has a demo secret')
}
