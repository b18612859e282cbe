import { close, fdatasync, openSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { promisify } from 'node:util'

const EVERY_MS = 1000

/**
 * Brings what was committed to the disk every second, beside the event loop: a power cut costs one second of commits at
 * most. Returns what ends it.
 */
export function startLogSync(file: DatabaseSync, path: string, onError: (error: unknown) => void): () => Promise<void> {
  const changes = file.prepare('select total_changes() as count')
  // SQLite's own locks are on the file itself, and another open and close of it would release them. The log has none.
  const log = openSync(`${path}-wal`, 'r')
  let synced = 0
  let syncing = Promise.resolve()

  async function sync(): Promise<void> {
    const { count } = changes.get() as { count: number } // the one column
    if (count === synced) return
    await promisify(fdatasync)(log)
    synced = count
  }
  const timer = setInterval(() => {
    syncing = syncing.then(sync).catch(onError)
  }, EVERY_MS)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await syncing
    await promisify(close)(log)
  }
}
