import type { Database } from './database.ts'
import { migrate } from './migrate.ts'
import { makeEmbeddedAhead } from './new-embedded.ts'

/** Opens Postgres where DATABASE_URL is set, PGlite in DATA_DIR elsewhere, and applies the migrations. */
export async function openDatabase(
  settings: { readonly DATABASE_URL?: string; readonly DATA_DIR: string },
  onProgress: (step: string) => void = () => {},
): Promise<Database> {
  const database = await open(settings, onProgress)
  try {
    const { applied, unknown } = await migrate(database.knex, { isShared: !database.isEmbedded })
    if (applied.length > 0) onProgress(`applied ${applied.length} migrations`)
    if (unknown.length > 0) onProgress(`a newer version has upgraded this database (${unknown.join(', ')})`)
    return database
  } catch (error) {
    await database.close()
    throw error
  }
}

/** Where `openDatabase` would make a new embedded database, makes it: beside the loading of what opens it. */
export async function makeDatabaseAhead(
  settings: { readonly DATABASE_URL?: string; readonly DATA_DIR: string },
  onProgress: (step: string) => void,
): Promise<void> {
  if (!settings.DATABASE_URL) await makeEmbeddedAhead(settings.DATA_DIR, onProgress)
}

/** Loads one backend: the other one's packages would only take time at the start, and memory. */
async function open(
  { DATABASE_URL, DATA_DIR }: { readonly DATABASE_URL?: string; readonly DATA_DIR: string },
  onProgress: (step: string) => void,
): Promise<Database> {
  if (DATABASE_URL) return (await import('./postgres.ts')).openPostgres(DATABASE_URL)
  return (await import('./embedded.ts')).openEmbedded(DATA_DIR, onProgress)
}
