import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createGuardedFetch, type GuardedFetchDeps, OutgoingError } from '../../src/outgoing/guarded-fetch.ts'
import { isPublicAddress } from '../../src/outgoing/public-addresses.ts'

const ANSWERS: Readonly<Record<string, RequestListener>> = {
  '/json': (_, response) => response.setHeader('content-type', 'application/json').end('{"found":true}'),
  '/moved': (_, response) => response.writeHead(302, { location: '/json' }).end(),
  '/large': (_, response) => response.end('x'.repeat(2000)),
  '/never': () => undefined,
  '/half': (_, response) => void response.write('never more than this'),
  '/none': (_, response) => response.writeHead(204).end(),
  '/echo': (request, response) => void request.pipe(response),
}
const LOOPBACK = ['127.0.0.0/8', '::1']

let server: Server
let port: number
const asked: string[] = []
beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(String(request.url))
    ANSWERS[String(request.url)]?.(request, response)
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  port = (server.address() as AddressInfo).port
})
afterAll(() => new Promise((resolve) => server.close(resolve).closeAllConnections()))

const send = (path: string, deps: Partial<GuardedFetchDeps> = {}, host = '127.0.0.1') =>
  createGuardedFetch({ allowedNetworks: LOOPBACK, ...deps })(`http://${host}:${port}${path}`)
const failureOf = (sent: Promise<unknown>) =>
  sent.then(
    () => 'an answer',
    (error: unknown) => (error instanceof OutgoingError ? error.reason : error),
  )

test('an answer of an allowed network is handed on', async () => {
  const answer = await send('/json')
  expect([answer.status, answer.headers.get('content-type'), await answer.json()]).toEqual([
    200,
    'application/json',
    { found: true },
  ])
  expect((await send('/none')).status).toBe(204)
})

test('what is posted arrives', async () => {
  const fetch = createGuardedFetch({ allowedNetworks: LOOPBACK })
  const answer = await fetch(`http://127.0.0.1:${port}/echo`, { method: 'POST', body: 'grant_type=x' })
  expect(await answer.text()).toBe('grant_type=x')
})

test('a redirect is not followed', async () => {
  const before = asked.length
  expect((await send('/moved')).status).toBe(302)
  expect(asked.slice(before)).toEqual(['/moved'])
})

test.each([
  ['larger than the limit', '/large', { maxBytes: 1999 }, 'too-large'],
  ['that never comes', '/never', { timeoutMs: 50 }, 'timeout'],
  ['that stops half way', '/half', { timeoutMs: 50 }, 'timeout'],
])('an answer %s is none', async (_, path, limits, reason) => {
  expect(await failureOf(send(path, limits))).toBe(reason)
})

test('a resolver that does not answer is not waited for', async () => {
  const resolve = () => new Promise<never>(() => undefined)
  expect(await failureOf(send('/json', { resolve, timeoutMs: 50 }, 'slow.example'))).toBe('timeout')
})

test.each([
  ['127.0.0.1', '127.0.0.1'],
  ['localhost', 'localhost'],
  ['[::1]', '[::1]'],
  ['IPv4 inside IPv6', '[::ffff:127.0.0.1]'],
  ['a short form', '127.1'],
  ['a number', '2130706433'],
  ['the cloud’s metadata', '169.254.169.254'],
  ['0.0.0.0', '0.0.0.0'],
])('without an allowed network nothing is sent to %s', async (_, host) => {
  const before = asked.length
  for (const protocol of ['http', 'https'])
    expect(await failureOf(createGuardedFetch({ allowedNetworks: [] })(`${protocol}://${host}:${port}/json`))).toBe(
      'address-not-allowed',
    )
  expect(asked.slice(before)).toEqual([])
})

test('a public name that leads to a private address is not called', async () => {
  const fetch = createGuardedFetch({ allowedNetworks: [], resolve: async () => ['10.0.0.7', '127.0.0.1'] })
  expect(await failureOf(fetch(`https://shop.example:${port}/json`))).toBe('address-not-allowed')
})

test('a name is resolved once, and the connection goes to the address that was checked', async () => {
  const answers = [['127.0.0.1'], ['10.0.0.7']]
  const resolve = async () => answers.shift() ?? []
  expect((await send('/json', { resolve }, 'rebound.example')).status).toBe(200)
  expect(answers).toEqual([['10.0.0.7']])
})

test('without TLS only an allowed network is called', async () => {
  const fetch = createGuardedFetch({ allowedNetworks: LOOPBACK, resolve: async () => ['93.184.216.34'] })
  expect(await failureOf(fetch('http://shop.example/'))).toBe('address-not-allowed')
  expect(await failureOf(fetch('file:///etc/passwd'))).toBe('address-not-allowed')
})

test.each([
  ['93.184.216.34', true],
  ['2606:2800:220:1::1', true],
  ['10.1.2.3', false],
  ['100.64.0.1', false],
  ['172.31.255.255', false],
  ['192.168.0.1', false],
  ['224.0.0.1', false],
  ['255.255.255.255', false],
  ['fc00::1', false],
  ['fe80::1', false],
  ['::', false],
  ['::ffff:8.8.8.8', false],
  ['64:ff9b::7f00:1', false],
  ['2002:7f00:1::', false],
  ['2001:db8::1', false],
  ['no address', false],
])('%s is public: %s', (address, isPublic) => {
  expect(isPublicAddress(address)).toBe(isPublic)
})
