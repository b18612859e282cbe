import { join } from 'node:path'
import type { Config } from '../config.ts'
import type { Log } from '../log.ts'
import { closeToOthers } from '../private-files.ts'

/**
 * Closes the files of the server to other users of the machine, those of an earlier start included: they hold password
 * hashes, private keys and links that sign in. What cannot be closed is warned of.
 */
export function closeFiles({ DATA_DIR, KEYS_URL }: Config, log: Pick<Log, 'warn'>): void {
  const keys = KEYS_URL.startsWith('file:') ? [KEYS_URL.slice('file:'.length)] : []
  const own = [...['postgres', 'outbox', 'storage.sqlite'].map((name) => join(DATA_DIR, name)), ...keys]
  const open = [...closeToOthers(DATA_DIR), ...own.flatMap((path) => closeToOthers(path, { isDeep: true }))]
  if (open.length === 0) return
  log.warn({ event: 'files.open-to-others', count: open.length, first: open[0] })
}
