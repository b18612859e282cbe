import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Knex } from 'knex'

const DIRECTORY = fileURLToPath(new URL('../../migrations', import.meta.url))

type Migration = { up(knex: Knex): Promise<void>; down(knex: Knex): Promise<void> }

/** Applies what is missing, in order; returns the names applied. knex's lock row lets one node do it. */
export async function migrate(knex: Knex): Promise<string[]> {
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
