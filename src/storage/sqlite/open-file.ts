import { closeSync, openSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { messageOf } from '../../thrown.ts'
import { StorageError } from '../storage.ts'

/** Pages of 4 KiB in the write-ahead log after which its rows are copied to their tables. */
const CHECKPOINT_PAGES = 2000
const CACHE_KIB = 8 * 1024

/**
 * One process has the file (`exclusive`). A commit is in the write-ahead log when it returns, so a process that is killed
 * loses none; `sync-log.ts` brings the log to the disk.
 */
const SETTINGS = `
  pragma locking_mode = exclusive;
  pragma journal_mode = wal;
  pragma synchronous = normal;
  pragma wal_autocheckpoint = ${CHECKPOINT_PAGES};
  pragma cache_size = -${CACHE_KIB};
`

/** The same columns as in Postgres: rows are moved between them. */
const TABLES = `
  create table if not exists artifacts (
    kind text not null,
    id text not null,
    artifact text not null,
    version integer not null default 0,
    consumed_at integer,
    expires_at integer not null,
    uid text,
    user_code text,
    receipt text,
    receipt_expires_at integer,
    primary key (kind, id)
  ) strict;
  create index if not exists artifacts_by_expiry on artifacts (expires_at);
  create index if not exists artifacts_by_uid on artifacts (kind, uid) where uid is not null;
  create index if not exists artifacts_by_user_code on artifacts (kind, user_code) where user_code is not null;
  create table if not exists counters (
    key text primary key,
    count integer not null,
    expires_at integer not null
  ) strict;
  create index if not exists counters_by_expiry on counters (expires_at);
`

/**
 * Opens the SQLite file of the storage, and makes it where there is none: readable for its owner alone.
 *
 * @throws {StorageError} when it cannot be opened.
 */
export function openFile(path: string): DatabaseSync {
  let file: DatabaseSync | undefined
  try {
    closeSync(openSync(path, 'a', 0o600))
    file = new (loadSqlite().DatabaseSync)(path)
    file.exec(SETTINGS)
    file.exec(TABLES)
    return file
  } catch (error) {
    if (file?.isOpen) file.close()
    throw new StorageError(
      `The file ${path} in DATA_DIR cannot be opened (${messageOf(error)}). Restore DATA_DIR from a backup. Without ` +
        'one, move the file away: all customers sign in again.',
    )
  }
}

/** Node 22 prints a warning when this module is loaded. What is used of it is the same there and in Node 24. */
function loadSqlite(): typeof import('node:sqlite') {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return process.getBuiltinModule('node:sqlite')
  } finally {
    process.emitWarning = emitWarning
  }
}
