import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { withoutCredentials } from '../../src/database/postgres-hosts.ts'
import { describeOn } from '../support/describe-on.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { startServerProcess } from '../support/server.ts'
import { createDatabase } from '../support/shared.ts'
import { query } from '../support/sql.ts'
import { ended, runVestibule } from './vestibule.ts'

const MIGRATIONS = readdirSync(fileURLToPath(new URL('../../migrations', import.meta.url))).length
const NODES = 10

/** What a version that is not written yet would leave behind. */
async function upgradeFromTheFuture(url: string, { needs }: { needs?: string } = {}): Promise<void> {
  await query(url, `insert into knex_migrations (name, batch, migration_time) values ('9998-new-table', 99, now())`)
  if (needs) await query(url, `insert into contractions values ('9999-drop-column', '${needs}')`)
}

describeOn('postgres', 'migrations', () => {
  test('are applied by one of ten programs that start at once on an empty database; the others wait for it', async () => {
    const DATABASE_URL = await createDatabase()
    const ends = await Promise.all(Array.from({ length: NODES }, () => runVestibule(['migrate'], { DATABASE_URL })))
    expect(ends.map(({ code, stderr }) => [code, stderr])).toEqual(ends.map(() => [0, '']))
    const said = ends.map(({ stdout }) => stdout.trim()).sort()
    const which = withoutCredentials(DATABASE_URL)
    const upToDate = Array.from({ length: NODES - 1 }, () => `${which} is up to date`)
    expect(said).toEqual([`applied ${MIGRATIONS} migrations to ${which}`, ...upToDate])
    const rows = await query(DATABASE_URL, 'select name, batch from knex_migrations')
    expect(rows).toHaveLength(MIGRATIONS)
    expect(new Set(rows.map(({ batch }) => batch)).size).toBe(1)
  })

  test('say which database they were for, and never its password', async () => {
    const DATABASE_URL = (await createDatabase({ demo: true })).replace('postgres@', 'postgres:its-password@')
    const { stdout } = await runVestibule(['migrate'], { DATABASE_URL })
    expect(stdout).toMatch(/^postgres:\/\/127\.0\.0\.1:\d+\/\w+ is up to date$/m)
    const DATA_DIR = join(temporaryDirectory('migrate'), 'data')
    const embedded = await runVestibule(['migrate'], { DATA_DIR })
    expect(embedded.stdout.trim()).toBe(`applied ${MIGRATIONS} migrations to the embedded database in ${DATA_DIR}`)
  })

  test('go on after one that was killed while it held the lock', async () => {
    const DATABASE_URL = await createDatabase({ demo: true })
    await query(DATABASE_URL, 'update knex_migrations_lock set is_locked = 1')
    expect(await runVestibule(['migrate'], { DATABASE_URL })).toMatchObject({ code: 0, stderr: '' })
  })

  test('of a newer version that only added something leave this version working, and it says so', async () => {
    const DATABASE_URL = await createDatabase({ demo: true })
    await upgradeFromTheFuture(DATABASE_URL, { needs: '0070-contractions' })
    const server = await startServerProcess({ DATABASE_URL })
    expect(server.stdout()).toContain('a newer version has upgraded this database (9998-new-table)')
    expect((await server.end('SIGTERM')).code).toBe(0)
  })

  test('of a newer version that took away what this version needs refuse its start in one sentence', async () => {
    const DATABASE_URL = await createDatabase({ demo: true })
    await upgradeFromTheFuture(DATABASE_URL, { needs: '9997-replacement' })
    const { code, stderr } = await ended(await startServerProcess({ DATABASE_URL }, { waitUntilReady: false }))
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /^A newer version of this program upgraded the database, .*9999-drop-column .*9997-replacement/,
    )
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })
})
