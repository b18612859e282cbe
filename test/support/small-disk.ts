import { execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { temporaryDirectory } from './run-directory.ts'

/** A file system of its own, small enough to be filled. */
export type SmallDisk = {
  readonly directory: string
  /** Writes until nothing fits any more, but for `leftBytes`. */
  fill(leftBytes?: number): void
  empty(): void
  stop(): void
}

const CHUNK = Buffer.alloc(64 * 1024)

/** Mounts a file system in memory; root may do that, where the machine lets it. */
export function mountSmallDisk(mebibytes: number): SmallDisk {
  const directory = temporaryDirectory('disk')
  mount(directory, mebibytes)
  const filler = join(directory, 'filler')
  const stop = () => unmount(directory)
  process.once('exit', stop)
  return {
    directory,
    fill(leftBytes = 0) {
      const [file, space] = [openSync(filler, 'a'), leftBytes > 0 ? openSync(join(directory, 'left'), 'a') : undefined]
      if (space !== undefined) writeSync(space, Buffer.alloc(leftBytes))
      try {
        for (;;) writeSync(file, CHUNK)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      } finally {
        closeSync(file)
        if (space !== undefined) closeSync(space)
        rmSync(join(directory, 'left'), { force: true })
      }
    },
    empty: () => rmSync(filler, { force: true }),
    stop() {
      process.removeListener('exit', stop)
      stop()
    },
  }
}

/** True where this process may mount one. */
export function canMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false
  const directory = mkdtempSync(join(tmpdir(), 'vestibule-mount-'))
  try {
    mount(directory, 1)
    unmount(directory)
    return true
  } catch {
    return false
  } finally {
    rmdirSync(directory)
  }
}

function mount(directory: string, mebibytes: number): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', directory], { stdio: 'ignore' })
}

/** Lazily: what still has a file open there keeps it until it ends. */
function unmount(directory: string): void {
  execFileSync('umount', ['-l', directory], { stdio: 'ignore' })
}
