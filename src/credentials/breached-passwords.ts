import { hash } from 'node:crypto'
import { type FileHandle, open, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { codeOf } from '../thrown.ts'

/** Passwords known from breaches, looked up without leaving this machine. */
export type BreachedPasswords = {
  includes(password: string): Promise<boolean>
  close(): Promise<void>
}

/** The list that ships: the commonest few thousand. */
export const SHIPPED_LIST = fileURLToPath(new URL('breached/common-passwords.txt', import.meta.url))

const DIGEST_LENGTH = 40
const PREFIX_LENGTH = 5
/** Longer than any line: forty digits, a colon, a count, an end of line. */
const LINE_BYTES = 64

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
  const file = await open(path)
  return {
    includes: (password) => isInSortedFile(file, size, digestOf(password)),
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

/** Halves the file until the digest's line is found: some forty reads for the full list. */
async function isInSortedFile(file: FileHandle, size: number, digest: string): Promise<boolean> {
  let [low, high] = [0, size]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const line = await firstLineFrom(file, middle)
    if (line === undefined || line.start >= high) {
      high = middle
    } else if (line.digest === digest) {
      return true
    } else if (line.digest < digest) {
      low = line.start + DIGEST_LENGTH
    } else {
      high = middle
    }
  }
  return false
}

/** The first line that begins at or after `offset`. */
async function firstLineFrom(file: FileHandle, offset: number) {
  const from = Math.max(0, offset - 1)
  const { buffer, bytesRead } = await file.read(Buffer.alloc(2 * LINE_BYTES), 0, 2 * LINE_BYTES, from)
  const text = buffer.toString('latin1', 0, bytesRead)
  const newline = offset === 0 ? -1 : text.indexOf('\n')
  const digest = text.slice(newline + 1, newline + 1 + DIGEST_LENGTH)
  if ((offset !== 0 && newline < 0) || digest.length < DIGEST_LENGTH) return undefined
  return { start: from + newline + 1, digest: digest.toUpperCase() }
}
