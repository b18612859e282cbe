import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  accessSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { temporaryDirectory } from './run-directory.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PROGRAM = fileURLToPath(new URL('make-template.ts', import.meta.url))
const VESTIBULE = join(ROOT, 'bin/vestibule.js')
const CACHE = join(ROOT, 'node_modules/.cache/vestibule-test')
const KEPT_MS = 24 * 3600 * 1000

/** Makes a data directory with the demo data, as the server's first start leaves it, from one with migrations alone. */
export async function makeDemoTemplate(migrated: string): Promise<string> {
  const directory = join(temporaryDirectory('demo-template'), 'data')
  cpSync(migrated, directory, { recursive: true })
  return makeTemplate('demo', directory)
}

/**
 * Makes a data directory with all migrations and no rows, or takes the one that an earlier run made from the same
 * migrations, database code and packages.
 */
export async function makeMigratedTemplate(): Promise<string> {
  const cached = join(CACHE, `template-${fingerprint()}`)
  if (isReadable(join(cached, 'postgres/PG_VERSION'))) return cached
  if (existsSync(cached) || !prepareCache())
    return makeTemplate('migrated', join(temporaryDirectory('migrated-template'), 'data'))
  const unfinished = await makeTemplate('migrated', join(CACHE, `unfinished-${process.pid}`))
  try {
    renameSync(unfinished, cached)
  } catch {
    // Another run was quicker.
    rmSync(unfinished, { recursive: true, force: true })
  }
  return cached
}

/** A template that another user of this checkout made may not be. */
function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    return true
  } catch {
    return false
  }
}

/** Brings the Postgres database at `url` up to date, as an operator would. */
export function migrateDatabase(url: string): Promise<void> {
  return runVestibuleOn(url, 'migrate')
}

/** Loads the demo data into the Postgres database at `url`, as an operator would. */
export function loadDemoInto(url: string): Promise<void> {
  return runVestibuleOn(url, 'demo', 'load')
}

async function runVestibuleOn(url: string, ...command: string[]): Promise<void> {
  const env = { PATH: process.env.PATH, DATABASE_URL: url }
  await runNode([VESTIBULE, ...command], { cwd: temporaryDirectory('command'), env })
}

async function makeTemplate(kind: 'migrated' | 'demo', directory: string): Promise<string> {
  try {
    await runNode([PROGRAM, kind, directory], { cwd: dirname(directory) })
    return directory
  } catch (error) {
    rmSync(directory, { recursive: true, force: true })
    throw error
  }
}

function fingerprint(): string {
  const hash = createHash('sha256').update(readFileSync(join(ROOT, 'package-lock.json')))
  for (const folder of ['migrations', 'src/database']) {
    const files = readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }).filter((each) =>
      each.isFile(),
    )
    for (const path of files.map(({ parentPath, name }) => join(parentPath, name)).sort()) {
      hash.update(relative(ROOT, path)).update(readFileSync(path))
    }
  }
  return hash.digest('hex').slice(0, 16)
}

/** Clears the cache of what is a day old, also of what a killed run left unfinished. False where it is read-only. */
function prepareCache(): boolean {
  try {
    mkdirSync(CACHE, { recursive: true })
    accessSync(CACHE, constants.W_OK)
  } catch {
    return false
  }
  for (const name of readdirSync(CACHE)) {
    const directory = join(CACHE, name)
    const isOld = Date.now() - (statSync(directory, { throwIfNoEntry: false })?.mtimeMs ?? 0) > KEPT_MS
    if (isOld) rmSync(directory, { recursive: true, force: true })
  }
  return true
}

async function runNode(args: readonly string[], options: { cwd: string; env?: NodeJS.ProcessEnv }): Promise<void> {
  try {
    await promisify(execFile)(process.execPath, args, options)
  } catch (error) {
    throw new Error((error as { stderr?: string }).stderr || (error as Error).message, { cause: error })
  }
}
