import { join } from 'node:path'
import type { Knex } from 'knex'
import { whyNoRoom } from '../../disk-room.ts'
import { Unavailable } from '../../http/unavailable.ts'
import { createLocalTopics } from '../local-topics.ts'
import type { Storage } from '../storage.ts'
import { createGroupCommit } from './group-commit.ts'
import { openFile } from './open-file.ts'
import { createFilePruning, startFilePruning } from './pruning.ts'
import { artifactStatements } from './statements.ts'
import { startLogSync } from './sync-log.ts'
import { takeOverRows } from './take-over.ts'

export type SqliteStorageOptions = {
  readonly dataDir: string
  /** The embedded database, where earlier releases kept these rows. */
  readonly knex: Knex
  readonly onError: (error: unknown) => void
  /** While less is free on the disk it only reads. */
  readonly reserveBytes?: number
}

/**
 * Artifacts and counters of the embedded mode, as rows of a SQLite file in DATA_DIR, whose lock the embedded database
 * holds. A commit survives the end of the process; a power cut costs one second of them at most.
 *
 * @throws {StorageError} when the file cannot be opened.
 */
export async function openSqliteStorage({
  dataDir,
  knex,
  onError,
  reserveBytes,
}: SqliteStorageOptions): Promise<Storage> {
  const path = join(dataDir, 'storage.sqlite')
  const file = openFile(path)
  try {
    await takeOverRows(knex, file)
  } catch (error) {
    file.close()
    throw error
  }
  const commitWrite = createGroupCommit(file, () => {
    const reason = whyNoRoom(dataDir, reserveBytes)
    if (reason !== undefined) throw new Unavailable('storage', reason)
  })
  const stopPruning = startFilePruning(createFilePruning(file, commitWrite), onError)
  const stopSync = startLogSync(file, path, onError)
  const ping = file.prepare('select 1')
  return {
    ...artifactStatements(file, commitWrite),
    ...createLocalTopics(),
    keepsOrder: true,
    partitions: 1,
    onReturn: () => {},
    async ping() {
      ping.get()
    },
    async close() {
      stopPruning()
      await stopSync()
      // Behind the writes that wait, which are told by themselves whether they were committed.
      await commitWrite(() => {}).catch(() => {})
      file.close()
    },
  }
}
