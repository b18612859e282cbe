import { readdirSync, readFileSync } from 'node:fs'
import { setPriority } from 'node:os'

/** Where the kernel lists the threads of this process; elsewhere than on Linux there is no such place. */
const THREADS = '/proc/self/task'
const NICE = 10

/**
 * Runs libuv's threads, where passwords are hashed, behind the thread that answers: with one hash per core under way,
 * signatures and introspection would otherwise wait for a turn of the scheduler. Does nothing where it cannot.
 */
export function yieldToRequests(): void {
  try {
    for (const thread of readdirSync(THREADS)) {
      const name = readFileSync(`${THREADS}/${thread}/comm`, 'utf8')
      if (name.startsWith('libuv-worker')) setPriority(Number(thread), NICE)
    }
  } catch {
    // Another system, or a sandbox: hashing then competes as it always did.
  }
}
