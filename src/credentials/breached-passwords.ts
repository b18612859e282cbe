import { hash } from 'node:crypto'
import { open, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { codeOf } from '../thrown.ts'
import { isInSortedDigests, type ReadList } from './breached/sorted-digests.ts'

/** Passwords known from breaches, looked up without leaving this machine. */
export type BreachedPasswords = {
  includes(password: string): Promise<boolean>
  close(): Promise<void>
}

/** The list that ships: the commonest few thousand. */
export const SHIPPED_LIST = fileURLToPath(new URL('breached/common-passwords.txt', import.meta.url))

const PREFIX_LENGTH = 5
/** A list up to this size is kept in memory: a look-up on disk goes through the threads that hash passwords. */
const KEPT_BYTES = 1024 * 1024

/**
 * Opens a list of SHA-1 digests in upper case hexadecimal: a sorted file with `DIGEST` or `DIGEST:COUNT` a line,
 * searched on disk whatever its size, or a directory of range files (`ABCDE` or `ABCDE.txt`, with the rest of each
 * digest a line), as the downloader of Have I Been Pwned writes them.
 *
 * @throws when there is nothing readable at `path`.
 */
export async function openBreachedPasswords(path: string = SHIPPED_LIST): Promise<BreachedPasswords> {
  const { size, isDirectory } = await stat(path).then((stats) => ({
    size: stats.size,
    isDirectory: stats.isDirectory(),
  }))
  if (isDirectory) {
    return { includes: (password) => isInRange(path, digestOf(password)), close: async () => {} }
  }
  if (size <= KEPT_BYTES) {
    const list = await readFile(path)
    const read: ReadList = (offset, bytes) => list.subarray(offset, offset + bytes)
    return { includes: (password) => isInSortedDigests(read, list.length, digestOf(password)), close: async () => {} }
  }
  const file = await open(path)
  const read: ReadList = async (offset, bytes) => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, offset)
    return buffer.subarray(0, bytesRead)
  }
  return {
    includes: (password) => isInSortedDigests(read, size, digestOf(password)),
    close: () => file.close(),
  }
}

function digestOf(password: string): string {
  return hash('sha1', password).toUpperCase()
}

async function isInRange(directory: string, digest: string): Promise<boolean> {
  const prefix = digest.slice(0, PREFIX_LENGTH)
  const range = await readFirst([join(directory, `${prefix}.txt`), join(directory, prefix)])
  const rest = digest.slice(PREFIX_LENGTH)
  return range.split(/\r?\n/).some((line) => line.toUpperCase().startsWith(rest))
}

async function readFirst(paths: readonly string[]): Promise<string> {
  for (const path of paths) {
    try {
      return await readFile(path, 'utf8')
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error
    }
  }
  return ''
}
