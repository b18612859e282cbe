import type { Server } from 'node:http'
import { Server as TcpServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

type Times = {
  /** How long a connection may still bring a request that was on its way, in milliseconds. */
  readonly lateMs: number
  /** When connections are closed whatever they do, in milliseconds. */
  readonly deadlineMs: number
}

/**
 * Takes no new connections, answers what arrives on the open ones within `lateMs`, then closes each as it becomes idle,
 * and all at the deadline. To Node a connection is idle while its next request was not read yet, so its own `close`
 * would cut off requests that a balancer has sent already.
 */
export async function closeServer(server: Server, { lateMs, deadlineMs }: Times): Promise<void> {
  await acceptWhatWaits(server)
  const closed = new Promise<void>((resolve) => TcpServer.prototype.close.call(server, () => resolve()))
  const deadline = setTimeout(() => server.closeAllConnections(), Math.max(deadlineMs, lateMs))
  await Promise.race([closed, pause(lateMs, undefined, { ref: false })])
  // Connections kept alive by clients become idle as their requests end. Timers come before reading in a turn of the event
  // loop, so a request that waits unread is read first.
  const closeIdle = () => setImmediate(() => server.closeIdleConnections())
  closeIdle()
  const sweep = setInterval(closeIdle, 100)
  await closed
  clearTimeout(deadline)
  clearInterval(sweep)
  server.close() // ends Node's timer for slow requests
}

const MOST_TURNS = 1000
const QUICK_MS = 1

/**
 * Ends after a turn of the event loop that accepted nothing and was quick. Whatever still waits in the system's queue is
 * reset when the listener closes, with the request it brought, and libuv accepts one connection a turn.
 */
async function acceptWhatWaits(server: Server): Promise<void> {
  let accepted = 0
  const count = () => accepted++
  server.on('connection', count)
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    const [before, startMs] = [accepted, performance.now()]
    await new Promise((resolve) => setImmediate(resolve))
    if (accepted === before && performance.now() - startMs < QUICK_MS) break
  }
  server.off('connection', count)
}
