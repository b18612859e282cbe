import { closeToOthers } from '../private-files.ts'
import { messageOf } from '../thrown.ts'
import { type Database, DatabaseError } from './database.ts'
import { embeddedDirectory, makeEmbedded, takeDataDirectory } from './new-embedded.ts'
import { openInstance } from './pglite/embedded-instance.ts'
import { knexOn } from './pglite/embedded-knex.ts'
import { openUpkeep } from './pglite/upkeep.ts'

/**
 * Postgres inside this process, on disk in `dataDir`; made first where there is none. While less than `reserveBytes` of
 * its disk are free it only reads.
 *
 * @throws {DatabaseError} when the directory cannot be written, or another process holds it.
 */
export async function openEmbedded(
  dataDir: string,
  onProgress: (step: string) => void,
  reserveBytes?: number,
): Promise<Database> {
  const directory = embeddedDirectory(dataDir)
  const release = takeDataDirectory(dataDir)
  try {
    await makeEmbedded(dataDir, onProgress)
    onProgress(`opening ${directory}`)
    const instance = await openInstance(directory, reserveBytes)
    // Databases of earlier versions were left open to others.
    closeToOthers(directory, { isDeep: true })
    const knex = knexOn(instance)
    const upkeep = openUpkeep(knex)
    const close = async () => {
      await upkeep.close()
      await knex.destroy()
      await instance.close()
      release()
    }
    return { knex, isEmbedded: true, answeringWithin: (_limitMs, run) => run(), close }
  } catch (error) {
    release()
    if (error instanceof DatabaseError) throw error
    throw new DatabaseError(
      `DATA_DIR ${dataDir} contains a database that cannot be opened (${messageOf(error)}). ` +
        'Restore it from a backup, or point DATA_DIR at an empty directory.',
    )
  }
}
