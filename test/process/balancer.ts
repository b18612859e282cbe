import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

export type Balancer = { close(): Promise<void> }

const LOOK_EVERY_MS = 200

/**
 * A balancer as simple as they come: requests go to the servers that said `/health/ready` at the last look, in turn,
 * over connections that are kept. It sends nothing twice: what a server drops is a 502.
 */
export async function startBalancer(port: number, servers: readonly { readonly url: string }[]): Promise<Balancer> {
  const agent = new Agent({ keepAlive: true })
  let ready: string[] = []
  let [turn, isOver] = [0, false]

  const look = async () => {
    const answers = await Promise.all(
      servers.map(({ url }) =>
        fetch(`${url}/health/ready`)
          .then(({ ok }) => ok)
          .catch(() => false),
      ),
    )
    ready = servers.filter((_, index) => answers[index]).map(({ url }) => url)
  }
  await look()
  const looking = (async () => {
    while (!isOver) {
      await pause(LOOK_EVERY_MS)
      await look()
    }
  })()

  const listener = createServer((incoming: IncomingMessage, outgoing: ServerResponse) => {
    const target = ready[turn++ % ready.length]
    if (!target) return void outgoing.writeHead(502).end('no server is ready')
    const { method, url, headers } = incoming
    const behind = request(`${target}${url}`, { agent, method, headers: { ...headers, connection: 'keep-alive' } })
    behind.on('response', (answer) => {
      const { connection: _, 'keep-alive': __, ...answered } = answer.headers
      outgoing.writeHead(answer.statusCode ?? 502, answered)
      answer.pipe(outgoing)
    })
    behind.on('error', (error: NodeJS.ErrnoException) => outgoing.writeHead(502).end(`${target}: ${error.code}`))
    incoming.pipe(behind)
  })
  await new Promise<void>((resolve) => listener.listen(port, '127.0.0.1', resolve))
  return {
    async close() {
      isOver = true
      await looking
      listener.closeAllConnections()
      await new Promise((resolve) => listener.close(resolve))
      agent.destroy()
    },
  }
}
