import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ADMIN } from '../storage/shop.ts'
import { freePort } from '../support/free-port.ts'
import { basicAuth, postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { createDatabase } from '../support/shared.ts'
import { addClients, SECRET } from './pairs.ts'

const FORM = 'grant_type=client_credentials'
const CLOSE = 'Connection: close'

let fast: TestServer
let plain: TestServer
beforeAll(async () => {
  const settings = { ...ADMIN, DATABASE_URL: await createDatabase({ demo: true }), TRUSTED_PROXIES: '127.0.0.1' }
  fast = await startTestServer(settings)
  const { ISSUER, KEYS_URL } = fast.config
  const port = String(await freePort())
  plain = await startTestServer({ ...settings, ISSUER, KEYS_URL, PORT: port, FAST_PATH: 'false' })
  await addClients(fast, ADMIN.ADMIN_TOKEN)
  // From here they are known: only then does the fast path check their secrets.
  for (const { config } of [fast, plain])
    for (const id of ['by-header', 'with-scopes'])
      await postForm(
        `http://127.0.0.1:${config.PORT}/token`,
        { grant_type: 'client_credentials' },
        basicAuth(id, SECRET),
      )
})
afterAll(() => Promise.all([fast?.stop(), plain?.stop()]))

const proof = (id = 'by-header', secret = SECRET) => `Authorization: ${basicAuth(id, secret).authorization}`

/** A request for a token, with a length that is right unless given. */
function post(headers: readonly string[], { body = FORM, length = String(body.length) as string | undefined } = {}) {
  const lines = [
    'POST /token HTTP/1.1',
    'Host: localhost',
    'Content-Type: application/x-www-form-urlencoded',
    ...headers,
  ]
  return [...lines, ...(length === undefined ? [] : [`Content-Length: ${length}`]), '', body].join('\r\n')
}
const read = (headers: readonly string[], body = '') =>
  ['GET /jwks HTTP/1.1', 'Host: localhost', ...headers, '', body].join('\r\n')
const from = (ip: string) => `X-Forwarded-For: ${ip}`
const last = post([proof(), CLOSE])

/** Packets of one connection, whose last request closes it. */
const SHAPES: Readonly<Record<string, readonly string[]>> = {
  'a body in two packets': [last.slice(0, -9), last.slice(-9)],
  'a request byte by byte': last.split(''),
  'a length that is too short': [post([proof()], { length: '10' }) + last],
  'two lengths': [post([proof(), 'Content-Length: 5', CLOSE])],
  'a length twice': [post([proof(), `Content-Length: ${FORM.length}`, CLOSE])],
  'a length with a sign': [post([proof(), CLOSE], { length: `+${FORM.length}` })],
  'a length with zeros before it': [post([proof(), CLOSE], { length: `000${FORM.length}` })],
  'a body in chunks': [
    post([proof(), 'Transfer-Encoding: chunked', CLOSE], {
      body: `${FORM.length.toString(16)}\r\n${FORM}\r\n0\r\n\r\n`,
      length: undefined,
    }),
  ],
  'chunks and a length': [
    post([proof(), 'Transfer-Encoding: chunked', CLOSE], { body: `1d\r\n${FORM}\r\n0\r\n\r\n`, length: '29' }),
  ],
  'a request inside a form': [post([proof()], { body: `${FORM}\r\n\r\n${read([])}` }) + last],
  'a request inside a body that nobody wants': [read([`Content-Length: ${last.length}`], last) + last],
  'many at once, of several clients': [
    post([proof()]) + post([proof('with-scopes')]) + post([proof('by-header', 'wrong')]) + read([]) + last,
  ],
  'many at once, from several networks': [
    post([proof(), from('203.0.113.7')]) + post([proof('by-header', 'wrong'), from('203.0.113.8')]) + last,
  ],
  'two proofs': [post([proof(), proof('with-scopes'), CLOSE])],
  'two proofs, the first wrong': [post([proof('by-header', 'wrong'), proof(), CLOSE])],
  'two types': [post([proof(), 'Content-Type: application/json', CLOSE])],
  'two senders': [post([proof(), from('203.0.113.7'), from('203.0.113.8'), CLOSE])],
  'two hosts': [post([proof(), 'Host: evil.example', CLOSE])],
  'another address in the request line': [last.replace('POST /token', 'POST http://evil.example/token')],
  'HTTP 1.0': [last.replace('HTTP/1.1', 'HTTP/1.0')],
  'a field named as a member of every object': [post([proof(), CLOSE], { body: `${FORM}&__proto__=x&toString=` })],
  'a byte order mark': [post([proof(), CLOSE], { body: `\xef\xbb\xbf${FORM}` })],
  'a name in escapes': [post([proof(), CLOSE], { body: FORM.replace('_', '%5F') })],
  'an escape that is none': [post([proof(), CLOSE], { body: `${FORM}&scope=%zz` })],
  'bytes that are no text': [post([proof(), CLOSE], { body: `${FORM}&scope=%ff` })],
  'a huge header': [post([proof(), `X-A: ${'a'.repeat(20_000)}`, CLOSE])],
}

test.each(Object.entries(SHAPES))('%s: the fast path answers as the engine', async (_what, packets) => {
  const [first, second] = [await answersOf(fast, packets), await answersOf(plain, packets)]
  expect(first).toMatch(/^HTTP\/1\.1 \d{3} /)
  expect(first).toBe(second)
})

test('and such requests are answered by it', async () => {
  const headers = { authorization: `Bearer ${ADMIN.ADMIN_TOKEN}` }
  const metrics = await (await fetch(`${fast.adminUrl}/metrics`, { headers })).text()
  expect(metrics).toMatch(/^vestibule_fast_path_answers_total\{route="token"\} \d{2}$/m)
})

/** Everything that came until the server hung up, without what is new each time. */
async function answersOf({ config }: TestServer, packets: readonly string[]): Promise<string> {
  const socket = connect(Number(config.PORT), '127.0.0.1').setNoDelay(true)
  const chunks: Buffer[] = []
  const ended = new Promise<void>((resolve) => {
    socket.on('data', (chunk) => chunks.push(chunk))
    // A server may hang up on what it will not read.
    socket.on('error', () => {})
    socket.on('close', () => resolve())
  })
  for (const packet of packets) await new Promise((resolve) => socket.write(Buffer.from(packet, 'latin1'), resolve))
  await ended
  return Buffer.concat(chunks)
    .toString('latin1')
    .replaceAll(/"access_token":"[^"]+"/g, '"access_token":"…"')
    .replaceAll(/^(X-Request-Id|Date|Content-Length): .*$/gim, '$1: …')
}
