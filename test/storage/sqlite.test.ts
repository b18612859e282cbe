import { randomUUID } from 'node:crypto'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import { openDatabase } from '../../src/database/index.ts'
import { createSqlStorage, STORAGE_TABLES } from '../../src/storage/sql.ts'
import { createGroupCommit } from '../../src/storage/sqlite/group-commit.ts'
import { openSqliteStorage } from '../../src/storage/sqlite/index.ts'
import { openFile } from '../../src/storage/sqlite/open-file.ts'
import { createFilePruning } from '../../src/storage/sqlite/pruning.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { describeOn } from '../support/describe-on.ts'
import { copyTemplate } from '../support/embedded-template.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { mountSmallDisk } from '../support/small-disk.ts'

const TTL = 600
const MANY = 2500

let database: Database
beforeAll(async () => {
  database = await openDatabase({ DATA_DIR: await copyTemplate('migrated') })
})
afterAll(() => database?.close())

const open = (dataDir: string, reserveBytes?: number) =>
  openSqliteStorage({
    dataDir,
    knex: database.knex,
    onError: (error) => console.error(error),
    ...(reserveBytes !== undefined && { reserveBytes }),
  })

describe('what an earlier release kept in the embedded database', () => {
  /** As that release wrote it: with the statements for Postgres. */
  async function fill(): Promise<void> {
    const earlier = createSqlStorage(database.knex)
    await earlier.put('Grant', 'live', { accountId: 'ünï "quoted"', uid: 'a uid' }, TTL)
    await earlier.put('Code', 'used', {}, TTL)
    await earlier.consume('Code', 'used')
    await earlier.put('Family', 'rotated', { at: 0 }, TTL)
    const receipt = { body: 'the answer', ttlSeconds: TTL }
    await earlier.swap('Family', 'rotated', 0, { artifact: { at: 1 }, ttlSeconds: TTL, receipt })
    await earlier.raise('CutOff', 'everybody', 1_700_000_000_500.5, TTL)
    await earlier.increment('attempts', TTL, 7)
    await database.knex.raw(
      `insert into artifacts (kind, id, artifact, expires_at)
       select 'Many', md5(n::text), '{}', 9999999999 from generate_series(1, ${MANY}) n`,
    )
    await earlier.close()
  }

  async function expectAll(storage: Storage): Promise<void> {
    const live = { artifact: { accountId: 'ünï "quoted"', uid: 'a uid' }, version: 0 }
    expect(await storage.get('Grant', 'live')).toEqual(live)
    expect(await storage.findBy('Grant', 'uid', 'a uid')).toEqual(live)
    expect(await storage.consume('Code', 'used')).toBe(false)
    expect(await storage.get('Family', 'rotated')).toEqual({ artifact: { at: 1 }, version: 1 })
    expect(await storage.receipt('Family', 'rotated')).toBe('the answer')
    expect((await storage.get('CutOff', 'everybody'))?.artifact).toEqual({ atMs: 1_700_000_000_500.5 })
    expect(await storage.increment('attempts', TTL, 0)).toBe(7)
  }

  const rowsIn = (dataDir: string) => {
    const file = new DatabaseSync(join(dataDir, 'storage.sqlite'))
    const { count } = file.prepare(`select count(*) as count from artifacts where kind = 'Many'`).get() as object & {
      count: number
    }
    file.close()
    return count
  }

  test('is taken over whole, once, and again where a start was cut off before it was removed there', async () => {
    const dataDir = temporaryDirectory('taken')
    for (const _ of ['first', 'again']) {
      await fill()
      const storage = await open(dataDir)
      await expectAll(storage)
      for (const { name } of STORAGE_TABLES) expect(await database.knex(name).first()).toBeUndefined()
      await storage.close()
      expect(rowsIn(dataDir)).toBe(MANY)
    }
    const later = await open(dataDir)
    await expectAll(later)
    await later.remove('Grant', 'live')
    await later.close()
    const last = await open(dataDir)
    expect(await last.get('Grant', 'live')).toBeUndefined()
    await last.close()
  })

  test('replaces what this release had, which the earlier one wrote after it', async () => {
    const dataDir = temporaryDirectory('taken')
    const before = await open(dataDir)
    await before.raise('CutOff', 'everybody', 1000, TTL)
    await before.close()
    await fill()
    const after = await open(dataDir)
    await expectAll(after)
    await after.close()
  })
})

describe('the file of the storage', () => {
  test('is for its owner alone, has what was acknowledged, and answers what waits when it is closed', async () => {
    const dataDir = temporaryDirectory('file')
    const first = await open(dataDir)
    const writes = Array.from({ length: 50 }, (_, at) => first.put('Thing', `${at}`, { at }, TTL))
    await first.close()
    await Promise.all(writes)
    expect(statSync(join(dataDir, 'storage.sqlite')).mode & 0o777).toBe(0o600)
    const second = await open(dataDir)
    const found = await second.getMany(writes.map((_, at) => ({ kind: 'Thing', id: `${at}` })))
    expect(found.map((stored) => stored?.artifact.at)).toEqual(writes.map((_, at) => at))
    await second.close()
  })

  test('that is none is refused with what to do, and a second process with it', async () => {
    const dataDir = temporaryDirectory('broken')
    writeFileSync(join(dataDir, 'storage.sqlite'), 'not a database, however long it is'.repeat(100))
    await expect(open(dataDir)).rejects.toThrow(/storage\.sqlite in DATA_DIR cannot be opened .* from a backup/)
    const taken = temporaryDirectory('taken')
    const storage = await open(taken)
    await expect(open(taken)).rejects.toThrow(/database is locked/)
    await storage.close()
  })

  test('forgets what expired, in batches, and nothing else', async () => {
    const file = openFile(join(temporaryDirectory('pruned'), 'storage.sqlite'))
    const commitWrite = createGroupCommit(file, () => {})
    const count = () => Number(file.prepare('select count(*) as count from artifacts').get()?.count)
    const insert = file.prepare(`insert into artifacts (kind, id, artifact, expires_at) values ('Thing', ?, '{}', ?)`)
    await commitWrite(() => {
      for (let row = 0; row < 1000; row++) insert.run(randomUUID(), row % 2 ? 1 : 9_999_999_999)
    })
    await createFilePruning(file, commitWrite)()
    expect(count()).toBe(500)
    file.close()
  })
})

describe('writes of one turn', () => {
  test('that cannot be done fail alone; the others are committed, in their order', async () => {
    const storage = await open(temporaryDirectory('group'))
    const outcomes = await Promise.allSettled([
      storage.increment('counted', TTL),
      storage.increment('wrong', TTL, Number.NaN),
      storage.increment('counted', TTL),
      storage.putOnce('Thing', 'one', { at: 1 }, TTL),
      storage.putOnce('Thing', 'one', { at: 2 }, TTL),
    ])
    expect(outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : outcome.reason.status))).toEqual(
      [1, 503, 2, true, false],
    )
    expect(await storage.increment('wrong', TTL)).toBe(1)
    await storage.close()
  })

  test('are seen by nobody before they are committed', async () => {
    const storage = await open(temporaryDirectory('unseen'))
    const write = storage.put('Thing', 'one', { at: 1 }, TTL)
    expect(await storage.get('Thing', 'one')).toBeUndefined()
    await write
    expect((await storage.get('Thing', 'one'))?.artifact).toEqual({ at: 1 })
    await storage.close()
  })
})

describeOn('smalldisk', 'a disk without room', () => {
  test.each([
    { what: 'its reserve', reserveBytes: undefined, leftBytes: 20_000_000, said: /DATA_DIR is full: 19 MiB are left/ },
    { what: 'all of it', reserveBytes: 0, leftBytes: 100_000, said: /full/ },
  ])(
    'refuses writes when $what is gone, loses none, and goes on when there is room',
    async ({ reserveBytes, leftBytes, said }) => {
      const disk = mountSmallDisk(200)
      try {
        const storage = await open(disk.directory, reserveBytes)
        disk.fill(leftBytes)
        let kept = 0
        const fill = async () => {
          for (; ; kept++) await storage.put('Thing', `${kept}`, { text: 'x'.repeat(20_000) }, TTL)
        }
        await expect(fill()).rejects.toMatchObject({ status: 503, error_detail: expect.stringMatching(said) })
        await expect(storage.ping()).resolves.toBeUndefined()
        const ids = Array.from({ length: kept + 1 }, (_, id) => ({ kind: 'Thing', id: `${id}` }))
        expect((await storage.getMany(ids)).map((stored) => stored !== undefined)).toEqual(
          ids.map((_, id) => id < kept),
        )
        disk.empty()
        await storage.put('Thing', `${kept}`, {}, TTL)
        await storage.close()
      } finally {
        disk.stop()
      }
    },
  )
})
