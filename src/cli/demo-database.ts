import { createClientRegistry } from '../clients/registry.ts'
import { createResourceServerRegistry } from '../clients/resource-servers.ts'
import type { Config } from '../config.ts'
import { createPasswords } from '../credentials/passwords.ts'
import { openDatabase } from '../database/index.ts'
import { loadDemo } from '../demo.ts'
import { type DemoRemain, removeLeftoverDemoAccounts } from '../leftover-demo-accounts.ts'
import { openStorage } from '../storage/index.ts'

/** Loads the demo shop into the database that the settings name, without a server. */
export async function loadDemoInto(config: Config): Promise<void> {
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
  } finally {
    await storage.close()
    await database.close()
  }
}

/** Removes the accounts that still have a demo secret, and returns them. */
export async function removeDemoFrom(config: Config): Promise<DemoRemain[]> {
  const { knex, close } = await openDatabase(config)
  try {
    return await removeLeftoverDemoAccounts({ knex, passwords: createPasswords() })
  } finally {
    await close()
  }
}
