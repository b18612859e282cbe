import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { openDatabase } from '../../src/database/index.ts'
import { createSqlStorage, STORAGE_TABLES } from '../../src/storage/sql.ts'
import { prune, startPruning } from '../../src/storage/sql-pruning.ts'
import { describeOn } from '../support/describe-on.ts'
import { copyTemplate } from '../support/embedded-template.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { createDatabase } from '../support/shared.ts'
import { waitFor } from '../support/wait-for.ts'

const SESSIONS_PER_ROUND = 1000
const ROUNDS = 8
const SETTLED_AFTER = 3

describe('pruning of the embedded database', () => {
  test('happens by itself, and gives the room of what expired to what comes', async () => {
    const directory = temporaryDirectory('pruning')
    await copyTemplate('migrated', directory)
    const database = await openDatabase({ DATA_DIR: join(directory, 'data') })
    const endPruning = startPruning(database.knex, STORAGE_TABLES, console.error)
    const bytes = async () => {
      const { rows } = await database.knex.raw<{ rows: { bytes: string }[] }>(
        `select pg_total_relation_size('artifacts') as bytes`,
      )
      return Number(rows[0]?.bytes)
    }
    const peaks: number[] = []
    for (let round = 0; round < 2; round++) {
      await database.knex.raw(
        `insert into artifacts (kind, id, artifact, expires_at)
         select 'Grant', 'round ${round} ' || n, '{"text":"${'x'.repeat(300)}"}', 1 from generate_series(1, 3000) n`,
      )
      const peak = await bytes()
      peaks.push(peak)
      await waitFor(async () => (await bytes()) < peak / 2, { everyMs: 200, what: 'its room' })
      expect(Number((await database.knex('artifacts').count())[0]?.count)).toBe(0)
    }
    expect(peaks.at(-1)).toBeLessThanOrEqual((peaks[0] ?? 0) * 1.2)
    endPruning()
    await database.close()
  })
})

describeOn('postgres', 'pruning', () => {
  test('under steady load the tables do not grow: what expires makes room for what comes', async () => {
    const DATABASE_URL = await createDatabase()
    const database = await openDatabase({ DATABASE_URL, DATA_DIR: '' })
    const storage = createSqlStorage(database.knex)
    const client = new pg.Client({ connectionString: DATABASE_URL })
    await client.connect()
    const bytes = async () =>
      Number((await client.query(`select pg_total_relation_size('artifacts') as bytes`)).rows[0].bytes)

    // One that the server begins beside ours would keep rows from it.
    await client.query('alter table artifacts set (autovacuum_enabled = false)')

    const sizes: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      for (let from = 0; from < SESSIONS_PER_ROUND; from += 20) {
        const batch = Array.from({ length: 20 }, () =>
          storage.put('Grant', randomUUID(), { text: 'x'.repeat(300), uid: randomUUID() }, 3600),
        )
        await Promise.all(batch)
      }
      await client.query('update artifacts set expires_at = 0 where expires_at > 0')
      await prune(database.knex, STORAGE_TABLES)
      // What the autovacuum of a server does by itself in the course of minutes. This form waits for a page that is being
      // written, which the other one leaves for the next time.
      await client.query('vacuum (freeze) artifacts')
      sizes.push(await bytes())
    }
    expect(Number((await client.query('select count(*) from artifacts')).rows[0].count)).toBe(0)
    expect(sizes.at(-1)).toBeLessThanOrEqual((sizes[SETTLED_AFTER] ?? 0) * 1.1)
    await client.end()
    await storage.close()
    await database.close()
  })

  test('two nodes that prune at once share the work and do not wait for each other', async () => {
    const DATABASE_URL = await createDatabase()
    const databases = await Promise.all([1, 2].map(() => openDatabase({ DATABASE_URL, DATA_DIR: '' })))
    const [first] = databases
    const rows = Array.from({ length: 3000 }, () => ({
      kind: 'Grant',
      id: randomUUID(),
      artifact: '{}',
      expires_at: 1,
    }))
    await first?.knex.batchInsert('artifacts', rows, 1000)
    await Promise.all(databases.map(({ knex }) => prune(knex, STORAGE_TABLES)))
    expect(await first?.knex('artifacts').count()).toEqual([{ count: '0' }])
    await Promise.all(databases.map((database) => database.close()))
  })
})
