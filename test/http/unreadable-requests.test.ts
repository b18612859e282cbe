import { createServer, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { createUnreadableRequests, type UnreadableRequest } from '../../src/http/listener/unreadable-requests.ts'
import { sendRaw, statusOf } from '../attacks/raw-request.ts'

let server: Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

/** A listener that waits for no request for long. */
async function listen(handle: RequestListener): Promise<{ url: string; told: UnreadableRequest[] }> {
  const told: UnreadableRequest[] = []
  const { watch, listenTo } = createUnreadableRequests((request) => told.push(request))
  const patience = { headersTimeout: 200, requestTimeout: 300, connectionsCheckingInterval: 50 }
  const listening = createServer(patience, watch(handle))
  server = listening
  listenTo(listening)
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(listening.address() as AddressInfo).port}`, told }
}

const readsAll: RequestListener = (request, response) => {
  request.resume().on('end', () => response.end('done'))
}

const HEAD = 'POST / HTTP/1.1\r\nHost: localhost\r\n'
const CASES: readonly (readonly [string, string, number])[] = [
  ['whose header does not arrive', 'GET / HTTP/1.1\r\nHost: loc', 408],
  ['whose body does not arrive', `${HEAD}Content-Length: 10\r\n\r\nabc`, 408],
  [
    'with more extensions of chunks than anybody sends',
    `${HEAD}Transfer-Encoding: chunked\r\n\r\n1;${'a'.repeat(20_000)}`,
    413,
  ],
  ['with a chunk that is none', `${HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, 400],
]

test.each(CASES)('a request %s is answered with an id, and told', async (_name, text, status) => {
  const { url, told } = await listen(readsAll)
  const answer = await sendRaw(url, text)
  expect(statusOf(answer)).toBe(status)
  expect(told).toEqual([{ requestId: expect.any(String), status, ip: '127.0.0.1', reason: expect.any(String) }])
  expect(answer).toContain(`X-Request-Id: ${told[0]?.requestId}\r\n`)
  expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4))).toMatchObject({ error: 'invalid_request' })
})

test('nothing is written into an answer that has begun', async () => {
  const { url, told } = await listen((_request, response) => void response.write('half of '))
  let answer = ''
  const socket = connect(Number(new URL(url).port), '127.0.0.1').setEncoding('utf8')
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  socket.on('error', () => {})
  socket.on('data', (text: string) => {
    if (answer === '') socket.write('HELO\r\n\r\n')
    answer += text
  })
  await new Promise((resolve) => socket.once('close', resolve))
  expect(statusOf(answer)).toBe(200)
  expect(answer).not.toContain('invalid_request')
  expect(told).toEqual([])
})
