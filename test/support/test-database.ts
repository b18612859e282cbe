import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { inject } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import { openDatabase } from '../../src/database/index.ts'
import { copyTemplate } from './embedded-template.ts'
import { temporaryDirectory } from './run-directory.ts'
import { askShared, type TemplateKind } from './shared.ts'
import { dropDatabase } from './sql.ts'

/** A migrated database of a test's own. */
export type TestDatabase = {
  readonly settings: { readonly DATA_DIR: string; readonly DATABASE_URL?: string }
  /** Removes the database; nobody may need it any more. */
  remove(): Promise<void>
}

/**
 * True where tests that do not say which database they need get the embedded one: no Postgres is installed, or
 * `TEST_DATABASE=embedded` asks for it. An embedded database opens in seconds of work; a Postgres that runs already,
 * in a tenth of that.
 */
function isEmbeddedByDefault(): boolean {
  return process.env.TEST_DATABASE === 'embedded' || inject('missing').postgres !== undefined
}

/** Makes a database that has all migrations and, for `demo`, the demo data; `directory` becomes the parent of DATA_DIR. */
export async function createTestDatabase(
  kind: TemplateKind,
  {
    directory = temporaryDirectory(kind),
    isEmbedded = isEmbeddedByDefault(),
  }: { readonly directory?: string; readonly isEmbedded?: boolean | undefined } = {},
): Promise<TestDatabase> {
  const remove = async () => rmSync(directory, { recursive: true, force: true })
  if (isEmbedded) return { settings: { DATA_DIR: await copyTemplate(kind, directory) }, remove }
  const DATABASE_URL = await askShared(`postgres-${kind}-database`)
  return {
    settings: { DATA_DIR: join(directory, 'data'), DATABASE_URL },
    async remove() {
      await dropDatabase(DATABASE_URL)
      await remove()
    },
  }
}

/** Opens a migrated database without rows; closing it removes it. */
export async function openTestDatabase(): Promise<Database> {
  const { settings, remove } = await createTestDatabase('migrated')
  const database = await openDatabase(settings)
  return {
    ...database,
    async close() {
      await database.close()
      await remove()
    },
  }
}
