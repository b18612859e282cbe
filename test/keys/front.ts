import { createServer, request } from 'node:http'

/** The smallest load balancer: one port of 127.0.0.1, whose requests go to the server named last. */
export type Front = { turnTo(server: { readonly url: string }): void; close(): Promise<void> }

/** Listens on `port`, which the servers behind it have as their issuer. */
export async function startFront(port: number): Promise<Front> {
  let target = ''
  const listener = createServer((incoming, outgoing) => {
    const { method, url, headers } = incoming
    const behind = request(`${target}${url}`, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
      answer.pipe(outgoing)
    })
    behind.on('error', (error) => outgoing.writeHead(502).end(error.message))
    incoming.pipe(behind)
  })
  await new Promise<void>((resolve) => listener.listen(port, '127.0.0.1', resolve))
  return {
    turnTo({ url }) {
      target = url
    },
    async close() {
      listener.closeAllConnections()
      await new Promise((resolve) => listener.close(resolve))
    },
  }
}
