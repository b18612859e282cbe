import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Where the admin listener of a server on this machine is, and the token that opens it. */
export type LocalAccess = { readonly url: string; readonly token: string }

/** Leaves address and token in DATA_DIR, readable by this user only, for the command line; returns how to take it back. */
export function leaveLocalAccess(dataDir: string, access: LocalAccess): () => void {
  const path = pathIn(dataDir)
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  rmSync(path, { force: true })
  writeFileSync(path, JSON.stringify(access), { mode: 0o600 })
  return () => rmSync(path, { force: true })
}

/** What a running server left in `dataDir`. */
export function findLocalAccess(dataDir: string): LocalAccess | undefined {
  try {
    return JSON.parse(readFileSync(pathIn(dataDir), 'utf8')) as LocalAccess
  } catch {
    return undefined
  }
}

function pathIn(dataDir: string): string {
  return join(dataDir, 'admin.json')
}
