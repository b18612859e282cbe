import { type Config, ConfigError, readConfig, whyNoDemo } from '../config.ts'
import { subcommands } from './command/subcommands.ts'

/** Loads the demo shop into a database, or removes it. */
export const demo = subcommands({
  name: 'demo',
  summary: 'load or remove the demo customers and clients',
  note: 'Both act on the database of DATABASE_URL or DATA_DIR.',
  actions: {
    load: {
      does: 'load the demo shop; a second load changes nothing. Refused if NODE_ENV is production or ISSUER is a public https address',
      example: 'load',
      printsJson: false,
      run: ({ environment }) => load(readConfig(environment)),
    },
    remove: {
      does: 'remove clients, customers and agents that still have their demo secret; stop the server on DATA_DIR first',
      example: 'remove',
      printsJson: false,
      run: ({ environment }) => remove(readConfig(environment)),
    },
  },
})

async function load(config: Config): Promise<void> {
  const reason = whyNoDemo(config)
  if (reason) {
    const fix =
      'Load the demo shop into another database, without NODE_ENV=production and with an ISSUER on this machine.'
    throw new ConfigError([`${reason}, and the demo secrets are public. ${fix}`])
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
