import type { Knex } from 'knex'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import { openDatabase } from '../../src/database/index.ts'
import { copyTemplate } from '../support/embedded-template.ts'

/** An embedded database for the tests of a file, empty before each of them. */
export function useDatabase(): { readonly knex: Knex } {
  let database: Database
  beforeAll(async () => {
    database = await openDatabase({ DATA_DIR: await copyTemplate('migrated') })
  })
  beforeEach(async () => {
    await database.knex.raw('truncate customers, companies, customer_imports, agents cascade')
  })
  afterAll(() => database.close())
  return {
    get knex() {
      return database.knex
    },
  }
}
