import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Log } from '../log.ts'

/** Where the admin listener of a server on this machine is, and the token that opens it. */
export type LocalAccess = { readonly url: string; readonly token: string }

/** A token for a server whose ADMIN_TOKEN is unset: 32 random bytes in base64url. */
export function newLocalToken(): string {
  return randomBytes(32).toString('base64url')
}

/**
 * Leaves address and token in DATA_DIR, readable by this user only, for the command line; returns how to take it back.
 * A container may have no DATA_DIR to write to: then the command line needs ADMIN_TOKEN, and the server goes on.
 */
export function leaveLocalAccess(dataDir: string, access: LocalAccess, log: Pick<Log, 'warn'>): () => void {
  const path = pathIn(dataDir)
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    rmSync(path, { force: true })
    writeFileSync(path, JSON.stringify(access), { mode: 0o600 })
    return () => rmSync(path, { force: true })
  } catch (error) {
    log.warn({ event: 'data-dir.not-writable', err: error })
    return () => {}
  }
}

/** What a running server left in `dataDir`. */
export function findLocalAccess(dataDir: string): LocalAccess | undefined {
  try {
    return JSON.parse(readFileSync(pathIn(dataDir), 'utf8')) as LocalAccess // written by a server of this installation
  } catch {
    return undefined
  }
}

function pathIn(dataDir: string): string {
  return join(dataDir, 'admin.json')
}
