import { createClientRegistry } from '../clients/registry.ts'
import { createResourceServerRegistry } from '../clients/resource-servers.ts'
import { ConfigError, readConfig } from '../config.ts'
import { createPasswords } from '../customers/passwords.ts'
import { openDatabase } from '../database/index.ts'
import { loadDemo } from '../demo.ts'
import { openStorage } from '../storage/index.ts'
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
    const database = await openDatabase(config)
    const storage = await openStorage(config, database.knex, () => {})
    try {
      const { knex } = database
      await loadDemo({
        database,
        clients: createClientRegistry({ knex, storage }),
        resourceServers: createResourceServerRegistry({ knex, storage, builtIn: [] }),
        passwords: createPasswords(),
      })
      console.log('the demo shop is loaded')
      return 0
    } finally {
      await storage.close()
      await database.close()
    }
  },
}
