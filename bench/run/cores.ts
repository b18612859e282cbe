import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

/** Which cores the server of a scenario has: one of its own, or all, which generator and stores then share with it. */
export type Cores = 'one' | 'all'

export type Pinning = {
  /** Why nothing could be pinned; figures are then those of all processes on all cores. */
  readonly problem?: string
  /** The command that runs `command` on these cores. */
  on(cores: Cores, command: readonly string[]): readonly string[]
}

const SERVER_CORE = '0'
const OTHER_CORE = '1'
const ATTEMPTS = 5

/** Moves this process, and with it all that it starts from now on, off the core that the servers get. */
export function takeOtherCore(): Pinning {
  const problem = whyNot()
  if (problem !== undefined) return unpinned(problem)
  return {
    on: (cores, command) => [
      'taskset',
      '-c',
      cores === 'one' ? SERVER_CORE : `${SERVER_CORE},${OTHER_CORE}`,
      ...command,
    ],
  }
}

/** Leaves all processes on all cores. */
export function unpinned(problem: string): Pinning {
  return { problem, on: (_, command) => command }
}

function whyNot(): string | undefined {
  if (availableParallelism() < 2) return 'this machine has one core'
  let said = ''
  // A thread that ends while taskset lists them makes it fail.
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { error, status, stderr } = spawnSync('taskset', ['-a', '-c', '-p', OTHER_CORE, String(process.pid)])
    if (error) return 'taskset is not installed (util-linux)'
    if (status === 0) return undefined
    said = stderr.toString().trim()
  }
  return said
}
