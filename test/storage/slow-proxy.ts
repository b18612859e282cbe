import { connect, createServer, type Socket } from 'node:net'
import { freePort } from '../support/free-port.ts'

export type SlowProxy = {
  readonly port: number
  /** Every answer comes so much later. */
  delay(ms: number): void
  stop(): Promise<void>
}

/** A TCP proxy to a port of this machine, whose answers can be delayed. */
export async function startSlowProxy(target: number): Promise<SlowProxy> {
  const port = await freePort()
  const sockets = new Set<Socket>()
  let delayMs = 0
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1')
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    }
    client.pipe(upstream)
    let dueMs = 0
    upstream.on('data', (chunk) => {
      // In order, also while the delay changes.
      dueMs = Math.max(dueMs, performance.now() + delayMs)
      setTimeout(() => client.writable && client.write(chunk), Math.max(0, dueMs - performance.now()))
    })
    upstream.on('close', () => client.destroy())
    client.on('close', () => upstream.destroy())
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    port,
    delay(ms) {
      delayMs = ms
    },
    async stop() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
