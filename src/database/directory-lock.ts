import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { codeOf } from '../thrown.ts'
import { DatabaseError } from './database.ts'

type Holder = { readonly pid: number; readonly startedAt: string }

/**
 * Takes `vestibule.lock` in `directory` and returns the function that gives it back. A lock whose process is gone
 * (power cut, `kill -9`) is taken over at once; a process id that was given to another program since is told apart
 * by its start time.
 *
 * @throws {DatabaseError} when a running process holds the lock.
 */
export function lockDirectory(directory: string): () => void {
  const path = join(directory, 'vestibule.lock')
  const self: Holder = { pid: process.pid, startedAt: processStart(process.pid) ?? '' }

  for (let attempt = 0; attempt < 5; attempt++) {
    try {
      writeFileSync(path, JSON.stringify(self), { flag: 'wx', mode: 0o600 })
      return () => rmSync(path, { force: true })
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
    }
    const holder = readHolder(path)
    if (holder && isAlive(holder)) {
      throw new DatabaseError(
        `DATA_DIR ${directory} is in use by process ${holder.pid}. Stop that process first, or give this one ` +
          'another DATA_DIR. To run several processes on the same data, set DATABASE_URL and REDIS_URL.',
      )
    }
    moveAside(path)
  }
  throw new DatabaseError(`DATA_DIR ${directory} is being opened by several processes at once. Start one of them.`)
}

/**
 * Moving the stale lock aside is atomic: of several processes that saw it, one makes the new one. A slower one may have
 * moved that new lock instead; it gives it back and will find it held.
 */
function moveAside(path: string): void {
  const aside = `${path}.${process.pid}`
  try {
    renameSync(path, aside)
    const moved = readHolder(aside)
    if (moved && isAlive(moved)) linkSync(aside, path)
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes(codeOf(error) ?? '')) throw error
  } finally {
    rmSync(aside, { force: true })
  }
}

function readHolder(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder // written by another process of ours
  } catch {
    return undefined
  }
}

function isAlive(holder: Holder): boolean {
  if (holder.pid === process.pid) return holder.startedAt === processStart(process.pid)
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false
  }
  const startedAt = processStart(holder.pid)
  return startedAt === undefined || holder.startedAt === '' || startedAt === holder.startedAt
}

/** The kernel's start time of a process, in clock ticks since boot; undefined where there is no /proc. */
function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}
