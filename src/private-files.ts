import { chmodSync, lstatSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

const OTHERS = 0o077
const STICKY = 0o1000

/** Whether other users of this machine may read, write or list what is at `path`; false where nothing is. */
export function isOpenToOthers(path: string): boolean {
  if (process.platform === 'win32') return false
  const found = statSync(path, { throwIfNoEntry: false })
  return found !== undefined && (found.mode & OTHERS) !== 0
}

/**
 * Takes the rights of other users away from `path`, and with `isDeep` from everything below it; links are not followed.
 * A directory with the sticky bit is made for several users and stays as it is.
 *
 * @returns what stays open because it belongs to another user, or because its file system has no rights.
 */
export function closeToOthers(path: string, { isDeep = false }: { readonly isDeep?: boolean } = {}): string[] {
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found || (found.mode & STICKY) !== 0) return []
  if ((found.mode & OTHERS) !== 0) tryToClose(path, found.mode)
  const below = isDeep && found.isDirectory() ? readdirSync(path).map((name) => join(path, name)) : []
  const isLink = (each: string) => lstatSync(each, { throwIfNoEntry: false })?.isSymbolicLink() ?? true
  return [
    ...(isOpenToOthers(path) ? [path] : []),
    ...below.filter((each) => !isLink(each)).flatMap((each) => closeToOthers(each, { isDeep })),
  ]
}

/** Whether it worked is looked at afterwards: a file system may say yes and change nothing. */
function tryToClose(path: string, mode: number): void {
  try {
    chmodSync(path, mode & 0o700)
  } catch {
    // It belongs to another user.
  }
}
