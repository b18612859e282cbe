import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { closeToOthers } from '../private-files.ts'
import { codeOf, messageOf } from '../thrown.ts'
import { DatabaseError } from './database.ts'
import { lockDirectory } from './directory-lock.ts'

const OTHERS = 0o077
const MAKER = fileURLToPath(new URL('new-embedded-process.ts', import.meta.url))
const UNFINISHED = 'postgres.unfinished-'

/** Where PGlite keeps its files below DATA_DIR. */
export function embeddedDirectory(dataDir: string): string {
  return join(dataDir, 'postgres')
}

/**
 * Takes DATA_DIR for this process: PGlite does not guard its directory against a second one, which would corrupt it.
 *
 * @returns what gives it back.
 * @throws {DatabaseError} when the directory cannot be written, or another process holds it.
 */
export function takeDataDirectory(dataDir: string): () => void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    closeToOthers(dataDir)
    // Later files get what the process lets them have.
    process.umask(OTHERS)
    return lockDirectory(dataDir)
  } catch (error) {
    if (error instanceof DatabaseError) throw error
    throw new DatabaseError(
      `DATA_DIR ${dataDir} cannot be written (${codeOf(error)}). ` +
        'Make it writable for this user, or set DATA_DIR to a directory that is.',
    )
  }
}

/**
 * Makes the database of `dataDir`, tables included, where there is none; the caller holds the directory. A process of its
 * own does it, and takes along the half gigabyte that it needed. The files get their name when they are complete: what was interrupted
 * is never taken for a database.
 */
export async function makeEmbedded(dataDir: string, onProgress: (step: string) => void): Promise<void> {
  const directory = embeddedDirectory(dataDir)
  if (isMade(dataDir)) return
  onProgress(`creating a database in ${directory} (a few seconds, once)`)
  removeUnfinished(dataDir)
  const unfinished = join(dataDir, `${UNFINISHED}${process.pid}`)
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [MAKER, unfinished])
    onProgress(`applied ${stdout.trim()} migrations`)
    // PGlite unpacks a new database with rights for everybody.
    closeToOthers(unfinished, { isDeep: true })
    renameSync(unfinished, directory)
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true })
    throw new DatabaseError(`No database could be made in DATA_DIR ${dataDir} (${lastLine(error)}).`)
  }
}

/** Does the same ahead of opening, and holds the directory meanwhile: the caller may load the server at that time. */
export async function makeEmbeddedAhead(dataDir: string, onProgress: (step: string) => void): Promise<void> {
  if (isMade(dataDir)) return
  const release = takeDataDirectory(dataDir)
  try {
    await makeEmbedded(dataDir, onProgress)
  } finally {
    release()
  }
}

function removeUnfinished(dataDir: string): void {
  for (const name of readdirSync(dataDir).filter((each) => each.startsWith(UNFINISHED))) {
    try {
      rmSync(join(dataDir, name), { recursive: true, force: true })
    } catch {
      // Its process outlived the server that asked for it, and still writes. It is in nobody's way.
    }
  }
}

function isMade(dataDir: string): boolean {
  return existsSync(join(embeddedDirectory(dataDir), 'PG_VERSION'))
}

/** Of what the process printed, the line that says why it ended. */
function lastLine(error: unknown): string {
  const reason = messageOf(error)
    .split('\n')
    .find((line) => /^\w*Error/.test(line))
  return reason ?? messageOf(error)
}
