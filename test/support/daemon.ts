import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { waitFor } from './wait-for.ts'

export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null }

/** A child process with its children, for tests that stop, freeze and kill servers. */
export type Daemon = {
  readonly pid: number
  readonly exited: Promise<Exit>
  isRunning(): boolean
  /** Standard output so far. */
  stdout(): string
  /** Standard error so far. */
  stderr(): string
  /** Sends a signal to the process alone and waits for its end. */
  end(signal: NodeJS.Signals): Promise<Exit>
  /** `kill -9`, the process and its children; waits for the end of all. */
  kill(): Promise<Exit>
  /** Freezes the process and its children (SIGSTOP): connections stay open, nothing answers. */
  pause(): void
  resume(): void
}

type DaemonOptions = {
  /** Inside the run's directory: what a crashed test run leaves behind is found by it. */
  readonly cwd: string
  readonly env?: NodeJS.ProcessEnv
  readonly uid?: number
  readonly gid?: number
}

const END_DEADLINE_MS = 120_000
const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Starts a process that is killed, at the latest, when this one exits. */
export async function startDaemon(command: string, args: readonly string[], options: DaemonOptions): Promise<Daemon> {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  const stdout = collect(child.stdout)
  const stderr = collect(child.stderr)
  const exited = new Promise<Exit>((resolve) => {
    child.once('close', (code, signal) => {
      running.delete(child)
      resolve({ code, signal })
    })
  })
  const pid = await new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('spawn', () => resolve(child.pid as number))
  })
  running.add(child)

  const isRunning = () => child.exitCode === null && child.signalCode === null
  const withChildren = (signal: NodeJS.Signals) => {
    // Stopped first, so that it starts no child between the listing and the signal.
    if (signal !== 'SIGCONT') send(pid, 'SIGSTOP')
    const pids = [pid, ...descendants(pid)]
    for (const each of pids) send(each, signal)
    return pids
  }
  return {
    pid,
    exited,
    isRunning,
    stdout,
    stderr,
    async end(signal) {
      if (isRunning()) child.kill(signal)
      await waitFor(() => !isRunning(), { deadlineMs: END_DEADLINE_MS, what: `${command} to end after ${signal}` })
      return exited
    },
    async kill() {
      if (!isRunning()) return exited
      const pids = withChildren('SIGKILL')
      await waitFor(() => pids.every((each) => !isAlive(each)), { what: `${command} and its children to die` })
      return exited
    },
    pause: () => void withChildren('SIGSTOP'),
    resume: () => void withChildren('SIGCONT'),
  }
}

function collect(stream: NodeJS.ReadableStream): () => string {
  let text = ''
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    text += chunk
  })
  return () => text
}

/** Processes below `pid`. Where there is no /proc, none are found and signals reach the process alone. */
export function descendants(pid: number): number[] {
  const children = processTable().filter((entry) => entry.parent === pid)
  return children.flatMap((child) => [child.pid, ...descendants(child.pid)])
}

function processTable(): { pid: number; parent: number }[] {
  try {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0)
      .map((pid) => ({ pid, parent: Number(statOf(pid)?.[1] ?? 0) }))
  } catch {
    return []
  }
}

/** The fields of /proc/PID/stat after the name: state, parent, … */
function statOf(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return statOf(pid)?.[0] !== 'Z'
  } catch {
    return false
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It ended between being listed and being signalled.
  }
}
