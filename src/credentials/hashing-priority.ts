import { readdirSync, readFileSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'

/** Where the kernel lists the threads of this process; elsewhere than on Linux there is no such place. */
const THREADS = '/proc/self/task'
/** So much nicer than this process is, on the kernel's scale from -20 to 19. */
const NICER_BY = 10

/**
 * Runs libuv's threads, where passwords are hashed, behind the thread that answers: with one hash per core under way,
 * signatures and introspection would otherwise wait for a turn of the scheduler. The threads start with the first hash
 * or file: call it after that. Does nothing where it cannot (docs/decisions/0020).
 */
export function yieldToRequests(): void {
  try {
    const niceness = Math.min(getPriority() + NICER_BY, 19)
    for (const thread of readdirSync(THREADS)) {
      const name = readFileSync(`${THREADS}/${thread}/comm`, 'utf8')
      if (name.startsWith('libuv-worker')) setPriority(Number(thread), niceness)
    }
  } catch {
    // Another system, or a sandbox: hashing then competes as it always did.
  }
}
