import { connect, createServer, type Socket } from 'node:net'
import { freePort } from '../support/free-port.ts'

export type SlowProxy = {
  readonly port: number
  /** Every answer comes so much later. */
  delay(ms: number): void
  /** Counts from now on: what is sent before an answer has come is one trip with what was sent before. */
  countTrips(): { answered(): number }
  stop(): Promise<void>
}

/** A TCP proxy to a port of this machine, whose answers can be delayed. */
export async function startSlowProxy(target: number): Promise<SlowProxy> {
  const port = await freePort()
  const sockets = new Set<Socket>()
  const counters = new Set<TripCounter>()
  let delayMs = 0
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1')
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    }
    client.on('data', () => {
      for (const counter of counters) counter.sent()
    })
    client.pipe(upstream)
    let dueMs = 0
    upstream.on('data', (chunk) => {
      // In order, also while the delay changes.
      dueMs = Math.max(dueMs, performance.now() + delayMs)
      setTimeout(
        () => {
          for (const counter of counters) counter.received()
          if (client.writable) client.write(chunk)
        },
        Math.max(0, dueMs - performance.now()),
      )
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
    countTrips() {
      const counter = createTripCounter()
      counters.add(counter)
      return {
        answered() {
          counters.delete(counter)
          return counter.answered()
        },
      }
    },
    async stop() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

type TripCounter = ReturnType<typeof createTripCounter>

/** A trip begins with what is sent after an answer, and is over with the first answer after that. */
function createTripCounter() {
  let [isUnderWay, answered] = [false, 0]
  return {
    sent() {
      isUnderWay = true
    },
    received() {
      if (isUnderWay) answered++
      isUnderWay = false
    },
    answered: () => answered,
  }
}
