import { statfsSync } from 'node:fs'

const MIB = 1024 * 1024
/**
 * Kept free for what a write may need beyond its own row: two segments of the embedded database's write-ahead log. A log
 * that cannot be continued ends the instance, and one that ended never answers again.
 */
const RESERVE_BYTES = 32 * MIB

/** Why nothing may be written to the disk of DATA_DIR now, with the fix; undefined while there is room. */
export function whyNoRoom(directory: string, reserveBytes = RESERVE_BYTES): string | undefined {
  const { bavail, bsize } = statfsSync(directory)
  const freeBytes = bavail * bsize
  if (freeBytes >= reserveBytes) return undefined
  return (
    `the disk of DATA_DIR is full: ${Math.floor(freeBytes / MIB)} MiB are left at ${directory}. ` +
    `Free disk space until at least ${Math.ceil(reserveBytes / MIB)} MiB are free; no restart is needed.`
  )
}
