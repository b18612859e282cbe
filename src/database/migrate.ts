import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Knex } from 'knex'
import { DatabaseError } from './database.ts'

const DIRECTORY = fileURLToPath(new URL('../../migrations', import.meta.url))

type Migration = {
  up(knex: Knex): Promise<void>
  down(knex: Knex): Promise<void>
  /** Of a migration that takes away what older code uses: the migration that code must know to do without. */
  readonly needs?: string
}

export type Migrated = {
  /** Names of what was applied now, in order. */
  readonly applied: readonly string[]
  /** Names of what a newer version has applied, and this one can live with. */
  readonly unknown: readonly string[]
}

/** Any number, as long as it is always the same. */
const LOCK = 7_283_110_455

/**
 * Applies what is missing, in order. Where nodes share the database one of them does it and the others wait: knex's
 * own lock is a row of a table that two nodes would make at once.
 *
 * @throws {DatabaseError} when a newer version has taken away what this one needs.
 */
export async function migrate(knex: Knex, { isShared = false } = {}): Promise<Migrated> {
  if (!isShared) return latest(knex)
  return knex.transaction(async (waiting) => {
    await waiting.raw('select pg_advisory_xact_lock(?)', [LOCK])
    return latest(knex)
  })
}

/** Called by one process at a time: a row lock that is still there was left by one that was killed. */
async function latest(knex: Knex): Promise<Migrated> {
  const known = ownNames()
  const before = await appliedNames(knex)
  const unknown = before.filter((name) => !known.includes(name))
  if (unknown.length > 0) await assertCompatible(knex, known)
  // knex asks the catalogue for its own tables several times, which takes the embedded database a tenth of its start.
  if (known.every((name) => before.includes(name))) return { applied: [], unknown }
  await knex.migrate.forceFreeMigrationsLock(SETTINGS)
  const [, applied] = (await knex.migrate.latest(SETTINGS)) as [number, string[]] // knex types it as any
  return { applied, unknown }
}

async function appliedNames(knex: Knex): Promise<string[]> {
  const { rows } = await knex.raw<{ rows: { exists: boolean }[] }>(
    `select to_regclass('knex_migrations') is not null as exists`,
  )
  if (!rows[0]?.exists) return []
  return (await knex<{ name: string }>('knex_migrations').select('name')).map(({ name }) => name)
}

async function assertCompatible(knex: Knex, known: readonly string[]): Promise<void> {
  const contractions = await knex<{ migration: string; needs: string }>('contractions').orderBy('migration')
  const tooNew = contractions.find(({ needs }) => !known.includes(needs))
  if (!tooNew) return
  throw new DatabaseError(
    `A newer version of this program upgraded the database, and ${tooNew.migration} removed what this version ` +
      `needs. Run a version that has the migration ${tooNew.needs}, or restore the backup from before that upgrade.`,
  )
}

const migrationSource: Knex.MigrationSource<string> = {
  getMigrations: async () => migrationFiles(),
  getMigrationName: nameOf,
  async getMigration(file) {
    // A file of our own folder.
    const { up, down, needs } = (await import(pathToFileURL(join(DIRECTORY, file)).href)) as Migration
    if (needs === undefined) return { up, down }
    const migration = nameOf(file)
    return {
      async up(knex) {
        await up(knex)
        await knex('contractions').insert({ migration, needs })
      },
      async down(knex) {
        await knex('contractions').where({ migration }).delete()
        await down(knex)
      },
    }
  },
}

// knex would refuse a database that knows more migrations than this version.
const SETTINGS: Knex.MigratorConfig = { migrationSource, disableMigrationsListValidation: true }

function migrationFiles(): string[] {
  return readdirSync(DIRECTORY)
    .filter((name) => /^\d{4}-.*\.ts$/.test(name))
    .sort()
}

function ownNames(): string[] {
  return migrationFiles().map(nameOf)
}

function nameOf(file: string): string {
  return file.replace(/\.ts$/, '')
}
