import { type Config, ConfigError, readConfig } from '../config.ts'
import { subcommands } from './command/subcommands.ts'

/** Loads the demo shop into a database that did not get it by itself, or takes it away again. */
export const demo = subcommands({
  name: 'demo',
  summary: 'load or remove the demo customers and clients',
  note: 'Both act on the database of DATABASE_URL or DATA_DIR.',
  actions: {
    load: {
      does: 'load the demo shop; loading it again changes nothing. Refused when NODE_ENV is production',
      example: 'load',
      printsJson: false,
      run: ({ environment }) => load(readConfig(environment)),
    },
    remove: {
      does: 'remove clients, customers and agents that still have their demo secret; the server must not run on DATA_DIR',
      example: 'remove',
      printsJson: false,
      run: ({ environment }) => remove(readConfig(environment)),
    },
  },
})

async function load(config: Config): Promise<void> {
  if (config.NODE_ENV === 'production') {
    throw new ConfigError([
      'NODE_ENV is production, and the demo secrets are public. Load the demo shop into another database, without NODE_ENV=production.',
    ])
  }
  const { loadDemoInto } = await import('./demo-database.ts')
  await loadDemoInto(config)
  console.log('the demo shop is loaded')
}

async function remove(config: Config): Promise<void> {
  const { removeDemoFrom } = await import('./demo-database.ts')
  const removed = await removeDemoFrom(config)
  for (const { kind, name } of removed) console.log(`removed ${kind} ${name}`)
  if (removed.length === 0) console.log('no client, customer or agent has a demo secret')
}
