import { join } from 'node:path'
import type { Knex } from 'knex'
import { expect, test } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import { openEmbedded } from '../../src/database/embedded.ts'
import { describeOn } from '../support/describe-on.ts'
import { copyTemplate } from '../support/embedded-template.ts'
import { mountSmallDisk, type SmallDisk } from '../support/small-disk.ts'

const ROWS = 100
/** Less than the write-ahead log takes when it needs another segment. */
const LEFT_BYTES = 6_000_000

describeOn('smalldisk', 'the embedded database on a disk without room', () => {
  test('stops writing while there is still room for its log, and says what to do', async () => {
    await withDatabase(undefined, async (disk, { knex }) => {
      await counting(knex)
      disk.fill(LEFT_BYTES)
      await expect(count(knex)).rejects.toMatchObject({
        status: 503,
        error_detail: expect.stringMatching(/the disk of DATA_DIR is full: 5 MiB are left .* no restart is needed/),
      })
      expect(await counted(knex)).toBe(0)
      disk.empty()
      await count(knex)
      expect(await counted(knex)).toBe(1)
    })
  })

  test('whose log could not be continued is opened anew, with all that it acknowledged', async () => {
    await withDatabase(0, async (disk, { knex }) => {
      await counting(knex)
      disk.fill(LEFT_BYTES)
      let acknowledged = 0
      const fillLog = async () => {
        for (;;) {
          await count(knex)
          acknowledged++
        }
      }
      await expect(fillLog()).rejects.toMatchObject({ status: 503, error_detail: expect.stringContaining('pg_wal') })
      expect(acknowledged).toBeGreaterThan(10)
      disk.empty()
      expect(await counted(knex)).toBe(acknowledged)
      await count(knex)
    })
  })
})

async function withDatabase(
  reserveBytes: number | undefined,
  use: (disk: SmallDisk, database: Database) => Promise<void>,
) {
  const disk = mountSmallDisk(200)
  try {
    await copyTemplate('migrated', disk.directory)
    const database = await openEmbedded(join(disk.directory, 'data'), () => {}, reserveBytes)
    await use(disk, database)
    await database.close()
  } finally {
    disk.stop()
  }
}

/** Rows that are changed again and again take no more room in their table, only in the log. */
async function counting(knex: Knex): Promise<void> {
  await knex.raw(
    `insert into counters (key, count, expires_at) select 'n' || n, 0, 9999999999 from generate_series(1, ${ROWS}) n`,
  )
}

async function count(knex: Knex): Promise<void> {
  await knex.raw('update counters set count = count + 1')
}

async function counted(knex: Knex): Promise<number> {
  return Number((await knex('counters').min('count as least').first())?.least)
}
