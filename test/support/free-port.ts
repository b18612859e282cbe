import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/** Below the range the kernel hands to outgoing connections, so that a stopped server finds its port free again. */
const FIRST = 10_000
const LAST = 22_000
/** Where Redis Cluster puts the bus of a node, counted from its port. */
const BUS_OFFSET = 10_000

const taken = new Set<number>()

/** A port of 127.0.0.1 that nothing listens on, and neither on the one 10000 above it; never the same twice. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = randomInt(FIRST, LAST)
    if (taken.has(port)) continue
    if ((await isFree(port)) && (await isFree(port + BUS_OFFSET))) {
      taken.add(port)
      return port
    }
  }
  throw new Error(`no free port between ${FIRST} and ${LAST} on 127.0.0.1`)
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
