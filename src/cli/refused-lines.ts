import { closeSync, fchmodSync, ftruncateSync, openSync, statSync, unlinkSync, writeSync } from 'node:fs'
import { codeOf } from '../thrown.ts'
import { AdminError } from './command/admin-client.ts'

export type RefusedLines = {
  /** Keeps a line as it was given; `undefined` where the server could not read it. */
  add(line: string | undefined): void
  /** Says what is in the file; without refused lines there is none. */
  close(): string | undefined
}

/** The lines may hold password hashes: only their owner may read them. */
const MODE = 0o600

/**
 * Opens the file for the refused lines of an import. A file that is there already may be all that is left of an earlier
 * import, so it is refused; but an import that goes on tells all its refused lines again.
 *
 * @throws {AdminError} when the file cannot be written.
 */
export function openRefusedLines(
  path: string,
  { of, isResumed }: { readonly of: string; readonly isResumed: boolean },
): RefusedLines {
  if (isSameFile(path, of)) throw new AdminError(`${path} is the file to import. Name another file for --refused.`)
  const file = open(path, isResumed)
  let lines = 0
  let unread = 0
  return {
    add(line) {
      if (line === undefined) unread++
      else {
        writeSync(file, `${line}\n`)
        lines++
      }
    },
    close() {
      closeSync(file)
      if (lines === 0) unlinkSync(path)
      const kept = lines === 0 ? [] : [`${path} has ${refusedLines(lines)}. Correct the file and import it.`]
      const lost =
        unread === 0
          ? []
          : [`${refusedLines(unread)} not copied: too long, or not UTF-8. Correct ${of} and import it again.`]
      return [...kept, ...lost].join('\n') || undefined
    },
  }
}

function refusedLines(count: number): string {
  return count === 1 ? '1 refused line' : `${count} refused lines`
}

function open(path: string, isResumed: boolean): number {
  try {
    const file = openSync(path, isResumed ? 'a' : 'wx', MODE)
    fchmodSync(file, MODE)
    if (isResumed) ftruncateSync(file)
    return file
  } catch (error) {
    if (codeOf(error) === 'EEXIST') {
      throw new AdminError(`${path} exists already. Name a new file for --refused, or move that one away.`)
    }
    throw new AdminError(`${path} cannot be written (${codeOf(error)}). Name another file for --refused.`)
  }
}

function isSameFile(path: string, other: string): boolean {
  const [a, b] = [path, other].map((name) => statSync(name, { throwIfNoEntry: false }))
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino
}
