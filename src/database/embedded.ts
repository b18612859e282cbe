import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import knexFactory, { type Knex } from 'knex'
import { closeToOthers } from '../private-files.ts'
import { codeOf, messageOf } from '../thrown.ts'
import { type Database, DatabaseError } from './database.ts'
import { lockDirectory } from './directory-lock.ts'
import { openInstance } from './embedded-instance.ts'
import { pgliteClient } from './pglite-client.ts'

const OTHERS = 0o077

/**
 * Postgres inside this process, on disk in `dataDir`. PGlite does not guard its directory against a second
 * process, which would corrupt it: the lock does. While less than `reserveBytes` of its disk are free it only reads.
 *
 * @throws {DatabaseError} when the directory cannot be written, or another process holds it.
 */
export async function openEmbedded(
  dataDir: string,
  onProgress: (step: string) => void,
  reserveBytes?: number,
): Promise<Database> {
  const directory = join(dataDir, 'postgres')
  const release = lock(dataDir)
  try {
    const isNew = !existsSync(join(directory, 'PG_VERSION'))
    onProgress(isNew ? `creating a database in ${directory} (a few seconds, once)` : `opening ${directory}`)
    const instance = await openInstance(directory, reserveBytes)
    // PGlite unpacks a new database with rights for everybody.
    closeToOthers(directory, { isDeep: true })
    // Who asked gets the error and logs it; knex would write it to standard output as well.
    const log = { warn() {}, error() {} }
    const knex: Knex = knexFactory({ client: pgliteClient(instance), connection: {}, log })
    const close = async () => {
      await knex.destroy()
      await instance.close()
      release()
    }
    return { knex, isEmbedded: true, answeringWithin: (_limitMs, run) => run(), close }
  } catch (error) {
    release()
    throw new DatabaseError(
      `DATA_DIR ${dataDir} contains a database that cannot be opened (${messageOf(error)}). ` +
        'Restore it from a backup, or point DATA_DIR at an empty directory.',
    )
  }
}

function lock(dataDir: string): () => void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    closeToOthers(dataDir)
    // Later files get what the process lets them have.
    process.umask(OTHERS)
    return lockDirectory(dataDir)
  } catch (error) {
    if (error instanceof DatabaseError) throw error
    throw new DatabaseError(
      `DATA_DIR ${dataDir} cannot be written (${codeOf(error)}). ` +
        'Make it writable for this user, or set DATA_DIR to a directory that is.',
    )
  }
}
