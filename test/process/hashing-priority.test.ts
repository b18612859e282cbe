import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { tokensOf } from '../endpoints/client.ts'
import { type ServerProcess, startServerProcess } from '../support/server.ts'

const THREADS_ARE_LISTED = existsSync('/proc/self/task')

let server: ServerProcess | undefined
afterEach(() => server?.kill())

type Thread = { readonly name: string; readonly niceness: number; readonly ticks: number }

/** proc_pid_stat(5): user time, system time and niceness are its 14th, 15th and 19th fields. */
function threadsOf(pid: number): Thread[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) => {
    const path = `/proc/${pid}/task/${thread}`
    const fields = readFileSync(`${path}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    const [user, system, niceness] = [11, 12, 16].map((index) => Number(fields[index]))
    return {
      name: readFileSync(`${path}/comm`, 'utf8').trim(),
      niceness: niceness ?? 0,
      ticks: Number(user) + Number(system),
    }
  })
}

test.runIf(THREADS_ARE_LISTED)('the threads that hash passwords give way to the one that answers', async () => {
  server = await startServerProcess()
  const ticksBefore = ticksOf(hashing(server.pid))
  for (let signIns = 0; signIns < 10; signIns++) await tokensOf(server.url)
  expect(ticksOf(hashing(server.pid)), 'this is where passwords are hashed').toBeGreaterThan(ticksBefore)
  const [answering] = threadsOf(server.pid)
  for (const { niceness } of hashing(server.pid)) expect(niceness).toBe((answering?.niceness ?? 0) + 10)
})

function hashing(pid: number): Thread[] {
  return threadsOf(pid).filter(({ name }) => name === 'libuv-worker')
}

function ticksOf(threads: readonly Thread[]): number {
  return threads.reduce((sum, { ticks }) => sum + ticks, 0)
}
