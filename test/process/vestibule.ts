import { fileURLToPath } from 'node:url'
import { type Daemon, startDaemon } from '../support/daemon.ts'
import { temporaryDirectory } from '../support/run-directory.ts'

const PROGRAM = fileURLToPath(new URL('../../bin/vestibule.js', import.meta.url))
const DEADLINE_MS = 240_000

export type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

/** Runs a command with nothing in its environment but `environment`, until it ends by itself. */
export async function runVestibule(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  { node = process.execPath, program = PROGRAM }: { readonly node?: string; readonly program?: string } = {},
): Promise<Ended> {
  const cwd = temporaryDirectory('command')
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...environment }
  return ended(await startDaemon(node, [program, ...args], { cwd, env }))
}

/** Waits for the end of a process that should end by itself. */
export async function ended(daemon: Daemon): Promise<Ended> {
  const deadline = setTimeout(() => void daemon.kill(), DEADLINE_MS)
  const { code } = await daemon.exited
  clearTimeout(deadline)
  return { code, stdout: daemon.stdout(), stderr: daemon.stderr() }
}
