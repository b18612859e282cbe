import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import { createSqlStorage } from '../../src/storage/sql.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { describeOn } from '../support/describe-on.ts'
import { openTestDatabase } from '../support/test-database.ts'
import { waitFor } from '../support/wait-for.ts'

describeOn('postgres', 'what others of the same Postgres send to the channel of the topics', () => {
  let database: Database
  let storage: Storage
  beforeAll(async () => {
    database = await openTestDatabase()
    storage = createSqlStorage(database.knex)
  })
  afterAll(async () => {
    await storage?.close()
    await database?.close()
  })

  // Postgres asks no right of whoever notifies: a role that may only read reports can.
  test.each(['error', 'error at once', 'newListener', '__proto__', '', ' ', 'x'.repeat(7000)])(
    'does not end a node, and its own messages arrive as before: %j',
    async (payload) => {
      const heard: string[] = []
      storage.subscribe('own', (about) => heard.push(about))
      const { knex } = database
      const send = async () => {
        await knex.raw('select pg_notify(?, ?)', ['vestibule', payload])
        await storage.publish('own', 'message')
      }
      await waitFor(async () => {
        await send()
        return heard.includes('message')
      })
      heard.length = 0
      await send()
      await waitFor(async () => heard.includes('message'))
      expect(new Set(heard)).toEqual(new Set(['message']))
    },
  )
})
