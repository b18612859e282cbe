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
  // After a turn of the event loop every connection that waited to be accepted has been.
  await new Promise((resolve) => setImmediate(resolve))
  const closed = new Promise<void>((resolve) => TcpServer.prototype.close.call(server, () => resolve()))
  const deadline = setTimeout(() => server.closeAllConnections(), Math.max(deadlineMs, lateMs))
  await Promise.race([closed, pause(lateMs, undefined, { ref: false })])
  server.closeIdleConnections()
  // Connections kept alive by clients become idle as their requests end.
  const sweep = setInterval(() => server.closeIdleConnections(), 100)
  await closed
  clearTimeout(deadline)
  clearInterval(sweep)
  server.close() // ends Node's timer for slow requests
}
