import type { Database } from './database.ts'
import { openEmbedded } from './embedded.ts'
import { migrate } from './migrate.ts'
import { openPostgres } from './postgres.ts'

/** Opens Postgres where DATABASE_URL is set, PGlite in DATA_DIR elsewhere, and applies the migrations. */
export async function openDatabase(
  settings: { readonly DATABASE_URL?: string; readonly DATA_DIR: string },
  onProgress: (step: string) => void = () => {},
): Promise<Database> {
  const database = settings.DATABASE_URL
    ? await openPostgres(settings.DATABASE_URL)
    : await openEmbedded(settings.DATA_DIR, onProgress)
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
