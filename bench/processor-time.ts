import { readdirSync, readFileSync } from 'node:fs'

/** Nanoseconds on a processor so far, of all threads of these processes. */
export function nanosecondsOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + threadsOf(pid).reduce((all, each) => all + each, 0), 0)
}

/** Every Postgres process that this one started, by its id. */
export function postgresProcesses(): number[] {
  return descendants([process.pid]).filter((pid) => commandOf(pid).startsWith('postgres'))
}

/** These processes and all below them, by one look at the list of processes. */
export function withDescendants(pids: readonly number[]): number[] {
  return pids.length === 0 ? [] : [...pids, ...descendants(pids)]
}

function threadsOf(pid: number): number[] {
  try {
    const threads = readdirSync(`/proc/${pid}/task`)
    return threads.map((thread) => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]))
  } catch {
    return [] // it has ended
  }
}

function descendants(of: readonly number[]): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const parent = parentOf(Number(name))
      return parent === undefined ? [] : [[Number(name), parent] as const]
    })
  const below = (parent: number): number[] =>
    parents.filter(([, its]) => its === parent).flatMap(([pid]) => [pid, ...below(pid)])
  return of.flatMap(below)
}

/** From /proc/PID/stat, after the name; undefined when the process has ended. */
function parentOf(pid: number): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1])
  } catch {
    return undefined
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8')
  } catch {
    return ''
  }
}
