import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { expect, test } from 'vitest'
import { closeServer } from '../../src/http/listener/close-server.ts'

const MINUTES = { lateMs: 120_000, deadlineMs: 120_000 }

async function listening(): Promise<{ server: Server; port: number }> {
  const server = createServer((_request, response) => {
    if (!server.listening) response.setHeader('Connection', 'close')
    response.end('answered')
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return { server, port: (server.address() as AddressInfo).port } // listening on a port
}

const REQUEST = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'

/** A connection that a balancer keeps: it had an answer, and is idle. */
async function keptAlive(port: number) {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8')
  await once(socket, 'connect')
  socket.write(REQUEST)
  await once(socket, 'data')
  return socket
}

test('a request on its way when the listener closes is answered, and then the server is closed', async () => {
  const { server, port } = await listening()
  const socket = await keptAlive(port)
  const closed = closeServer(server, MINUTES)
  await expect.poll(() => server.listening).toBe(false)
  await expect(keptAlive(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  let text = ''
  socket.on('data', (chunk: string) => {
    text += chunk
  })
  socket.write(REQUEST)
  await once(socket, 'close')
  expect(text).toContain('answered')
  await closed
})

test('an idle connection ends at once when no late request is waited for', async () => {
  const { server, port } = await listening()
  const socket = await keptAlive(port)
  await Promise.all([once(socket, 'close'), closeServer(server, { ...MINUTES, lateMs: 0 })])
})
