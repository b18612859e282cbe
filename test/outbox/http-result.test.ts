import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { postOnce } from '../../src/outbox/http-result.ts'
import type { SendResult } from '../../src/outbox/message.ts'
import { createGuardedFetch } from '../../src/outgoing/guarded-fetch.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

const status =
  (code: number, headers: Readonly<Record<string, string>> = {}): Answer =>
  (_request, response) =>
    void response.writeHead(code, headers).end()
const later = (value: string) => status(429, { 'retry-after': value })
/** What is no HTTP that `ServerResponse` would write. */
const raw =
  (text: string): Answer =>
  ({ socket }) =>
    void socket.end(text)
const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toUTCString()

const MOST_BYTES = 100
const busy = { retry: 'it answered 429' }
const unreachable = { retry: expect.stringMatching(/^unreachable: 127\.0\.0\.1:\d+$/) }

const ANSWERS: readonly (readonly [name: string, answer: Answer, result: SendResult | object])[] = [
  ['200', status(200), 'delivered'],
  ['202', status(202), 'delivered'],
  ['204', status(204), 'delivered'],
  ['200 with a page', (_request, response) => void response.end('<p>Thank you</p>'), 'delivered'],
  ['302', status(302, { location: '/200' }), { refused: 'it answered 302' }],
  ['304', status(304), { refused: 'it answered 304' }],
  ['400', status(400), { refused: 'it answered 400' }],
  ['401', status(401, { 'www-authenticate': 'Bearer' }), { refused: 'it answered 401' }],
  ['404', status(404), { refused: 'it answered 404' }],
  ['410', status(410, { 'retry-after': '5' }), { refused: 'it answered 410' }],
  ['408', status(408), { retry: 'it answered 408' }],
  ['425', status(425), { retry: 'it answered 425' }],
  ['429', status(429), busy],
  ['429 in so many seconds', later('17'), { ...busy, afterSeconds: 17 }],
  ['429 at once', later('0'), { ...busy, afterSeconds: 0 }],
  ['429 at an instant', (...args) => later(inHours(100))(...args), { ...busy, afterSeconds: expect.any(Number) }],
  ['429 at an instant that is past', (...args) => later(inHours(-1))(...args), { ...busy, afterSeconds: 0 }],
  ['429 soon', later('soon'), busy],
  ['429 in less than no time', later('-5'), busy],
  ['429 in half a second', later('0.5'), busy],
  ['429 in something like a year', later('around 2030'), busy],
  ['429 in nothing', later(''), busy],
  ['429 on a day that is none', later('Mon, 99 Foo 2030 99:99:99 GMT'), busy],
  ['500', status(500), { retry: 'it answered 500' }],
  ['503 in so many seconds', status(503, { 'retry-after': '9' }), { retry: 'it answered 503', afterSeconds: 9 }],
  ['a hang-up', ({ socket }) => void socket.destroy(), unreachable],
  ['a hang-up in the middle', (_request, response) => void response.write('a', () => response.destroy()), unreachable],
  ['nothing', () => undefined, { retry: expect.stringMatching(/^timeout: /) }],
  ['half an answer', (_request, response) => void response.write('a'), { retry: expect.stringMatching(/^timeout: /) }],
  [
    'a long answer',
    (_request, response) => void response.end('a'.repeat(MOST_BYTES + 1)),
    {
      retry: `too-large: more than ${MOST_BYTES} bytes`,
    },
  ],
  ['another protocol', raw('SSH-2.0-OpenSSH_9.6\r\n'), unreachable],
  ['a status that is none', raw('HTTP/1.1 999 Nonsense\r\ncontent-length: 0\r\n\r\n'), unreachable],
  ['a status below them', raw('HTTP/1.1 042 Nonsense\r\ncontent-length: 0\r\n\r\n'), unreachable],
  ['an upgrade', raw('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'), unreachable],
]

let server: Server
let url: string
const posted: string[] = []
beforeAll(async () => {
  const listener: RequestListener = async (request, response) => {
    let body = ''
    for await (const part of request) body += part
    posted.push(`${request.method} ${request.url} ${body}`)
    ANSWERS[Number(request.url?.slice(1))]?.[1](request, response)
  }
  server = createServer(listener).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => new Promise((resolve) => server.close(resolve).closeAllConnections()))

test.each(ANSWERS.map(([name, , result], index) => ({ name, result, index })))(
  'a receiver that answers with $name',
  async ({ name, result, index }) => {
    const isWaitedFor = !/nothing$|half an answer/.test(name)
    const fetch = createGuardedFetch({
      allowedNetworks: ['127.0.0.0/8'],
      maxBytes: MOST_BYTES,
      timeoutMs: isWaitedFor ? 60_000 : 300,
    })
    const before = posted.length
    expect(await postOnce(fetch, `${url}/${index}`, { body: 'told' })).toEqual(result)
    expect(posted.slice(before)).toEqual([`POST /${index} told`])
  },
)

test('the instant that a receiver names is told in seconds from now', async () => {
  const fetch = createGuardedFetch({ allowedNetworks: ['127.0.0.0/8'] })
  const index = ANSWERS.findIndex(([name]) => name === '429 at an instant')
  const result = await postOnce(fetch, `${url}/${index}`, {})
  const { afterSeconds } = result as { afterSeconds: number } // as in the table
  expect(afterSeconds).toBeGreaterThan(99 * 3600)
  expect(afterSeconds).toBeLessThanOrEqual(100 * 3600)
})

test.each([
  ['an address that may not be called', () => `${url}/0`, [], /^address-not-allowed: /],
  ['an address of another scheme', () => 'ftp://127.0.0.1/', ['127.0.0.0/8'], /^address-not-allowed: /],
])('%s is refused and not called', async (_name, address, allowedNetworks, refused) => {
  const before = posted.length
  const result = await postOnce(createGuardedFetch({ allowedNetworks }), address(), {})
  expect(result).toEqual({ refused: expect.stringMatching(refused) })
  expect(posted).toHaveLength(before)
})

test('a receiver that is not there is tried again', async () => {
  const fetch = createGuardedFetch({ allowedNetworks: ['127.0.0.0/8'] })
  const gone = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => gone.once('listening', resolve))
  const { port } = gone.address() as AddressInfo
  await new Promise((resolve) => gone.close(resolve))
  expect(await postOnce(fetch, `http://127.0.0.1:${port}/`, {})).toEqual(unreachable)
})
