import { describe } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import { openDatabase } from '../../src/database/index.ts'
import { describeOn } from './describe-on.ts'
import { createDatabase } from './shared.ts'
import { createTestDatabase } from './test-database.ts'

/** Opens a migrated database of a test's own; `other` opens the same one once more, as another node would, where there can be one. */
export type OpenDatabase = () => Promise<{ readonly database: Database; readonly other: () => Promise<Database> }>

/** A suite of what must hold on the embedded database and on Postgres alike. */
export function onBothDatabases(name: string, suite: (open: OpenDatabase) => void): void {
  describe(`${name}, embedded`, () => {
    suite(async () => {
      const { settings, remove } = await createTestDatabase('migrated', { isEmbedded: true })
      const database = await openDatabase(settings)
      const close = async () => {
        await database.close()
        await remove()
      }
      return { database: { ...database, close }, other: async () => ({ ...database, close: async () => {} }) }
    })
  })
  describeOn('postgres', `${name}, on Postgres`, () => {
    suite(async () => {
      const DATABASE_URL = await createDatabase()
      const open = () => openDatabase({ DATABASE_URL, DATA_DIR: 'unused' })
      return { database: await open(), other: open }
    })
  })
}
