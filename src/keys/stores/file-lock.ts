import { randomUUID } from 'node:crypto'
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { codeOf } from '../../thrown.ts'
import { KeyStoreError } from '../key-store.ts'

const STALE_AFTER_MS = 30_000
const WAIT_AT_MOST_MS = 45_000
const RETRY_EVERY_MS = 15

export type HeldLock = {
  /** @throws {KeyStoreError} when another process took the lock over because this one stood still for too long. */
  assertHeld(): Promise<void>
  release(): Promise<void>
}

/**
 * Waits for the lock file at `path` and takes it. A lock whose process is gone, or that is older than 30 s (no
 * holder needs more than a few), is taken over.
 *
 * @throws {KeyStoreError} when the lock does not come free in 45 s.
 */
export async function takeFileLock(path: string): Promise<HeldLock> {
  const token = JSON.stringify({ pid: process.pid, host: hostname(), nonce: randomUUID() })
  const deadlineMs = performance.now() + WAIT_AT_MOST_MS

  while (!(await create(path, token))) {
    if (await isStale(path)) await breakLock(path)
    else if (performance.now() > deadlineMs) throw new KeyStoreError(stuck(path))
    else await delay(RETRY_EVERY_MS * (0.5 + Math.random()))
  }
  return {
    async assertHeld() {
      if ((await contentOf(path)) !== token) {
        throw new KeyStoreError(`${path} was taken over by another process while this one was paused. Try again.`)
      }
    },
    async release() {
      if ((await contentOf(path)) === token) await rm(path, { force: true })
    },
  }
}

async function create(path: string, content: string): Promise<boolean> {
  try {
    await writeFile(path, content, { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

async function isStale(path: string): Promise<boolean> {
  const [content, ageMs] = await Promise.all([contentOf(path), ageOf(path)])
  if (ageMs === undefined) return false
  if (ageMs > STALE_AFTER_MS) return true
  return content !== undefined && content !== '' && isProcessGone(content)
}

/** Several processes may find the same lock stale; the guard lets one of them look again and remove it. */
async function breakLock(path: string): Promise<void> {
  const guard = `${path}.break`
  if (!(await create(guard, ''))) {
    if (((await ageOf(guard)) ?? 0) > STALE_AFTER_MS) await rm(guard, { force: true })
    return delay(RETRY_EVERY_MS)
  }
  try {
    if (await isStale(path)) await rm(path, { force: true })
  } finally {
    await rm(guard, { force: true })
  }
}

function isProcessGone(content: string): boolean {
  try {
    const { pid, host } = JSON.parse(content) as { pid: number; host: string } // written by another process of ours
    if (host !== hostname()) return false
    process.kill(pid, 0)
    return false
  } catch (error) {
    return codeOf(error) === 'ESRCH'
  }
}

async function contentOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined)
}

async function ageOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => undefined,
  )
}

function stuck(path: string): string {
  return `KEYS_URL is locked by another process for longer than ${WAIT_AT_MOST_MS / 1000} s. If none is running, remove ${path}.`
}
