import { generateKeyPairSync } from 'node:crypto'
import { createServer, type Server } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createFetchDocument, DOCUMENT_LIMITS } from '../../src/clients/documents/fetch-document.ts'
import { createGuardedFetch, type GuardedFetch } from '../../src/outgoing/guarded-fetch.ts'
import { APP_REDIRECT, type DocumentServer, startDocumentServer } from '../support/document-server.ts'

const ISSUER = 'https://auth.shop.example'

let site: DocumentServer
let inside: Server
let connections = 0
beforeAll(async () => {
  site = await startDocumentServer()
  inside = createServer((socket) => {
    connections++
    socket.destroy()
  })
  await new Promise<void>((resolve) => inside.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  await site?.stop()
  inside?.close()
})
beforeEach(() => {
  connections = 0
  site.paths.length = 0
})

const portInside = () => (inside.address() as { port: number }).port
const reasonOf = (asked: Promise<unknown>) =>
  asked.then(
    () => 'read',
    (error: Error) => error.message,
  )

describe('no request reaches an address inside, whatever a name leads to', () => {
  test.each([
    ['loopback', '127.0.0.1'],
    ['another loopback', '127.8.8.8'],
    ['loopback of IPv6', '::1'],
    ['a private network', '10.0.0.1'],
    ['a private network of 172', '172.16.5.4'],
    ['a private network of 192', '192.168.1.1'],
    ['the network of carriers', '100.64.0.1'],
    ['link-local, where clouds tell secrets', '169.254.169.254'],
    ['link-local of IPv6', 'fe80::1'],
    ['a unique local address', 'fd00::1'],
    ['IPv4 mapped into IPv6', '::ffff:127.0.0.1'],
    ['IPv4 mapped in hexadecimal', '::ffff:7f00:1'],
    ['IPv4 by 6to4', '2002:7f00:1::'],
    ['IPv4 by NAT64', '64:ff9b::7f00:1'],
    ['this network', '0.0.0.0'],
    ['no address of IPv6', '::'],
    ['multicast', '224.0.0.1'],
  ])('%s', async (_, address) => {
    const fetch = createGuardedFetch({ allowedNetworks: [], resolve: async () => [address], ...DOCUMENT_LIMITS })
    const fetchDocument = createFetchDocument({ fetch, issuer: ISSUER })
    const url = new URL(`https://app.example:${portInside()}/app.json`)
    expect(await reasonOf(fetchDocument(url))).toMatch(/^the document: address-not-allowed/)
    const literal = new URL(`https://${address.includes(':') ? `[${address}]` : address}:${portInside()}/app.json`)
    expect(await reasonOf(fetchDocument(literal))).toMatch(/^the document: address-not-allowed/)
    expect(connections).toBe(0)
  })

  test('a name that leads elsewhere a moment later is asked once, and what was checked is called', async () => {
    const answers = [['93.184.216.34'], ['127.0.0.1']]
    let questions = 0
    const resolve = async () => answers[Math.min(questions++, 1)] ?? []
    const fetch = createGuardedFetch({ allowedNetworks: [], resolve, ...DOCUMENT_LIMITS, timeoutMs: 50 })
    await reasonOf(
      createFetchDocument({ fetch, issuer: ISSUER })(new URL(`https://app.example:${portInside()}/app.json`)),
    )
    expect([questions, connections]).toEqual([1, 0])
  })

  test('the address of keys in a document is held to the same', async () => {
    const jwks_uri = `https://keys.example:${portInside()}/keys`
    const url = new URL(site.put('/with-keys.json', { token_endpoint_auth_method: 'private_key_jwt', jwks_uri }))
    const allowing = (networks: string[]): GuardedFetch =>
      createGuardedFetch({ allowedNetworks: networks, resolve: async () => ['127.0.0.1'], ...DOCUMENT_LIMITS })
    const [outside, strict] = [allowing(['127.0.0.0/8']), allowing([])]
    const fetch: GuardedFetch = (address, init) => (String(address) === url.href ? outside : strict)(address, init)
    expect(await reasonOf(createFetchDocument({ fetch, issuer: ISSUER })(url))).toMatch(
      /^the key set: address-not-allowed/,
    )
    expect(connections).toBe(0)
  })
})

describe('keys at another address', () => {
  const fetch = createGuardedFetch({ allowedNetworks: ['127.0.0.0/8', '::1'], ...DOCUMENT_LIMITS })
  const fetchDocument = createFetchDocument({ fetch, issuer: ISSUER })
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = { ...publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig', x5u: 'https://a' }
  const withKeys = (path: string) =>
    new URL(
      site.put(
        path,
        { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: `${site.stranger}/keys` },
        {
          'cache-control': 'max-age=900',
        },
      ),
    )

  test('are read into the client, without what has no use, and bound how long it is kept', async () => {
    site.reply('/keys', (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/jwk-set+json', 'cache-control': 'max-age=120' })
      response.end(JSON.stringify({ keys: [key, { kty: 'EC', crv: 'P-999', x: 'a', y: 'b' }] }))
    })
    const { x5u: _x5u, use: _use, ...kept } = key
    const { metadata, cacheSeconds } = await fetchDocument(withKeys('/by-keys.json'))
    expect(metadata).toMatchObject({ token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [kept] } })
    expect(metadata.jwks?.keys).toEqual([kept])
    expect(metadata).not.toHaveProperty('jwks_uri')
    expect(cacheSeconds).toBe(120)
  })

  test.each([
    ['too large', (end: (body: string) => void) => end(JSON.stringify({ keys: [key], padding: 'x'.repeat(17_000) }))],
    ['none that can be used', (end: (body: string) => void) => end(JSON.stringify({ keys: [] }))],
    ['no point of their curve', (end: (body: string) => void) => end(JSON.stringify({ keys: [{ ...key, y: key.x }] }))],
    ['private', (end: (body: string) => void) => end(JSON.stringify({ keys: [{ ...key, d: 'c' }] }))],
  ])('are refused when they are %s', async (name, answer) => {
    site.reply('/keys', (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      answer((body) => response.end(body))
    })
    expect(await reasonOf(fetchDocument(withKeys(`/${encodeURIComponent(name)}.json`)))).toMatch(/^the key set/)
  })
})

test('the server says what it is, and asks for one answer without a redirect', async () => {
  const asked: unknown[] = []
  const fetch: GuardedFetch = async (_address, init) => {
    asked.push(init?.headers)
    return new Response(null, { status: 302, headers: { location: APP_REDIRECT } })
  }
  const fetchDocument = createFetchDocument({ fetch, issuer: ISSUER })
  expect(await reasonOf(fetchDocument(new URL('https://app.example/app.json')))).toMatch(/status 302/)
  expect(asked).toEqual([{ accept: 'application/json', 'user-agent': `client-metadata-reader (+${ISSUER})` }])
})
