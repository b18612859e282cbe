import { randomFillSync } from 'node:crypto'

/** Asking the generator costs more than what it gives: it is asked for so much at a time. */
const POOL = Buffer.alloc(4096)
let used = POOL.length

/** As many random bytes, in base64url. For what every request needs; elsewhere `randomBytes` is as good. */
export function randomText(bytes: number): string {
  return POOL.toString('base64url', take(bytes), used)
}

/** As many random bytes. */
export function randomCopy(bytes: number): Buffer {
  return Buffer.from(POOL.subarray(take(bytes), used))
}

/** Where the unused bytes begin. */
function take(bytes: number): number {
  if (used + bytes > POOL.length) {
    randomFillSync(POOL)
    used = 0
  }
  const from = used
  used += bytes
  return from
}
