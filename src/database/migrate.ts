import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Knex } from 'knex'

const DIRECTORY = fileURLToPath(new URL('../../migrations', import.meta.url))

type Migration = { up(knex: Knex): Promise<void>; down(knex: Knex): Promise<void> }

/** Any number, as long as it is always the same. */
const LOCK = 7_283_110_455

/**
 * Applies what is missing, in order; returns the names applied. Where nodes share the database one of them does it and
 * the others wait: knex's own lock is a row of a table that two nodes would make at once.
 */
export async function migrate(knex: Knex, { isShared = false } = {}): Promise<string[]> {
  if (!isShared) return latest(knex)
  return knex.transaction(async (waiting) => {
    await waiting.raw('select pg_advisory_xact_lock(?)', [LOCK])
    return latest(knex)
  })
}

async function latest(knex: Knex): Promise<string[]> {
  const [, applied] = (await knex.migrate.latest({ migrationSource })) as [number, string[]]
  return applied
}

/** Takes back the newest migration; returns its name. */
export async function migrateDown(knex: Knex): Promise<string[]> {
  const [, reverted] = (await knex.migrate.down({ migrationSource })) as [number, string[]]
  return reverted
}

const migrationSource: Knex.MigrationSource<string> = {
  getMigrations: async () =>
    readdirSync(DIRECTORY)
      .filter((name) => /^\d{4}-.*\.ts$/.test(name))
      .sort(),
  getMigrationName: (name) => name.replace(/\.ts$/, ''),
  getMigration: async (name) => (await import(pathToFileURL(join(DIRECTORY, name)).href)) as Migration,
}
