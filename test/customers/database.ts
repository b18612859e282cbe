import type { Knex } from 'knex'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import { openTestDatabase } from '../support/test-database.ts'

/** A database for the tests of a file, empty before each of them. */
export function useDatabase(): { readonly knex: Knex } {
  let database: Database
  beforeAll(async () => {
    database = await openTestDatabase()
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
