import { spawn } from 'node:child_process'
import { type Daemon, startDaemon } from '../../support/daemon.ts'
import { freePort } from '../../support/free-port.ts'
import { temporaryDirectory } from '../../support/run-directory.ts'
import { waitFor } from '../../support/wait-for.ts'
import { pasteFiles } from './page-files.ts'
import type { Stack } from './stacks.ts'

export type RunningStack = {
  readonly url: string
  /** What it wrote to its log and standard error so far. */
  log(): string
  stop(): Promise<void>
}

const DEADLINE_MS = 120_000

/** Pastes the files of a stack's page into a directory of its own, builds them, and serves them for `settings`. */
export async function startStack(stack: Stack, settings: Readonly<Record<string, string>>): Promise<RunningStack> {
  const cwd = temporaryDirectory(stack.name)
  pasteFiles(stack.page, cwd, stack.changes)
  const port = await freePort()
  const { PATH, HOME } = process.env
  const env = { PATH, HOME, ...stack.env, ...settings, PORT: String(port) }
  const build = stack.build?.(cwd)
  if (build) await runToEnd(build, { cwd, env })
  const [command, ...args] = stack.start(cwd, port)
  const daemon = await startDaemon(command, args, { cwd, env })
  const url = `http://127.0.0.1:${port}`
  await untilAnswered(url, daemon)
  return {
    url,
    log: () => daemon.stdout() + daemon.stderr(),
    async stop() {
      await daemon.kill()
    },
  }
}

async function untilAnswered(url: string, daemon: Daemon): Promise<void> {
  const answers = async () => !daemon.isRunning() || (await fetch(url)).status > 0
  await waitFor(answers, { deadlineMs: DEADLINE_MS, what: `an answer of ${url}` })
  if (!daemon.isRunning()) throw new Error(`the service ended while starting\n${daemon.stdout()}${daemon.stderr()}`)
}

async function runToEnd(
  [command, ...args]: readonly [string, ...string[]],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<void> {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      said += chunk
    })
  }
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve))
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}\n${said}`)
}
