import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { Worker } from 'node:worker_threads'
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
  await expect.poll(() => server.listening, { timeout: 20_000 }).toBe(false)
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

/** While this thread stands still, opens `count` connections, sends a request on each, and returns what came back on them. */
async function sendWhileBusy(port: number, count: number, { isOpenBefore = false } = {}) {
  const state = new Int32Array(new SharedArrayBuffer(8))
  const worker = new Worker(SENDER, { eval: true, workerData: { port, count, state, request: REQUEST, isOpenBefore } })
  const answers = once(worker, 'message').then(([texts]) => texts as string[])
  if (isOpenBefore) await expect.poll(() => Atomics.load(state, 0), { timeout: 20_000 }).toBe(1)
  return { answers, standStill: () => Atomics.wait(state, 1, 0, 60_000), state }
}

const SENDER = `
  const { workerData, parentPort } = require('node:worker_threads')
  const { connect } = require('node:net')
  const { once } = require('node:events')
  const { port, count, state, request, isOpenBefore } = workerData
  const open = () => Promise.all(Array.from({ length: count }, async () => {
    const socket = connect(port, '127.0.0.1').setEncoding('utf8')
    socket.text = ''
    socket.on('data', (chunk) => { socket.text += chunk }).on('error', (error) => { socket.text = error.code })
    await once(socket, 'connect')
    return socket
  }))
  ;(async () => {
    const before = isOpenBefore ? await open() : undefined
    for (const socket of before ?? []) {
      socket.write(request)
      await once(socket, 'data')
      socket.text = ''
    }
    Atomics.store(state, 0, 1)
    if (isOpenBefore) while (Atomics.load(state, 0) !== 2) await new Promise(setImmediate)
    const sockets = before ?? await open()
    await Promise.all(sockets.map((socket) => new Promise((sent) => socket.write(request, sent))))
    Atomics.store(state, 1, 1)
    Atomics.notify(state, 1)
    await Promise.all(sockets.map((socket) => socket.closed || once(socket, 'close')))
    parentPort.postMessage(sockets.map((socket) => socket.text))
  })()
`

const allAnswered = (count: number) => Array.from({ length: count }, () => expect.stringContaining('answered'))

test('connections that wait to be accepted when the listener closes are answered, however many', async () => {
  const { server, port } = await listening()
  const { answers, standStill } = await sendWhileBusy(port, 20)
  standStill()
  const closed = closeServer(server, { ...MINUTES, lateMs: 1000 })
  expect(await answers).toEqual(allAnswered(20))
  await closed
})

test('requests that were sent while the process was busy are read before idle connections are closed', async () => {
  const { server, port } = await listening()
  const { answers, standStill, state } = await sendWhileBusy(port, 20, { isOpenBefore: true })
  await expect.poll(() => new Promise((resolve) => server.getConnections((_, open) => resolve(open)))).toBe(20)
  const closed = closeServer(server, { ...MINUTES, lateMs: 50 })
  await expect.poll(() => server.listening, { timeout: 20_000 }).toBe(false)
  Atomics.store(state, 0, 2)
  standStill()
  const until = performance.now() + 200
  while (performance.now() < until); // past the end of the time for late requests
  expect(await answers).toEqual(allAnswered(20))
  await closed
})
