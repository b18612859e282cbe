import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, sep } from 'node:path'

const VARIABLE = 'TEST_RUN_DIRECTORY'

/** Makes the directory that holds every temporary file of one test run, and tells child processes about it. */
export function openRunDirectory(): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'vestibule-test-')))
  // Postgres may run as another user and has to get through.
  chmodSync(directory, 0o711)
  process.env[VARIABLE] = directory
  return directory
}

/** The directory of this run, if one was opened in this process or a parent. */
export function runDirectory(): string | undefined {
  return process.env[VARIABLE]
}

/** A new empty directory, gone at the end of the run at the latest. */
export function temporaryDirectory(name = 'directory'): string {
  const parent = runDirectory()
  if (!parent) throw new Error('no test run: start tests with npm test or npx vitest run')
  mkdirSync(parent, { recursive: true })
  return mkdtempSync(join(parent, `${name}-`))
}

/** Ends what a crashed worker may have left running in the directory of the run, and removes the directory. */
export function closeRunDirectory(directory: string): void {
  for (const pid of processesIn(directory)) killIfThere(pid)
  rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
}

/** Every server that tests start has its working directory inside the run's: that is how it is known for ours. */
function processesIn(directory: string): number[] {
  try {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0 && pid !== process.pid && `${workingDirectory(pid)}${sep}`.startsWith(directory + sep))
  } catch {
    return []
  }
}

function workingDirectory(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return ''
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended by itself in the meantime.
  }
}
