import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { openDatabase } from '../../src/database/index.ts'
import { copyTemplate } from './embedded-template.ts'

// The first copy waits until the template is made.
beforeAll(async () => void (await copyTemplate()))

test('each copy of the template opens, has the tables, and is apart from other copies', async () => {
  const [first, second] = [await copyTemplate(), await copyTemplate()]
  expect(existsSync(join(first, 'vestibule.lock'))).toBe(false)

  const one = await openDatabase({ DATA_DIR: first })
  const other = await openDatabase({ DATA_DIR: second })
  expect(await one.knex.schema.hasTable('customers')).toBe(true)
  await one.knex.schema.createTable('only_here', (table) => table.increments())
  expect(await other.knex.schema.hasTable('only_here')).toBe(false)
  await one.close()
  await other.close()
})

test('a copy that was opened and closed opens again', async () => {
  const directory = await copyTemplate()
  for (const _start of ['first', 'second']) {
    const database = await openDatabase({ DATA_DIR: directory })
    await database.close()
  }
})
