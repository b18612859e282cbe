import { afterEach, beforeEach, expect, test } from 'vitest'
import { createService, type FakeIssuer, makeKey, startFakeIssuer } from './fake-issuer.ts'

let issuer: FakeIssuer
const services: ReturnType<typeof createService>[] = []

beforeEach(async () => {
  issuer = await startFakeIssuer()
})
afterEach(async () => {
  for (const { server } of services.splice(0)) server.close()
  await issuer.stop()
})

function serve(options: Parameters<typeof createService>[1] = {}) {
  const service = createService(issuer, { revocations: false, ...options })
  services.push(service)
  return service
}

test('tokens with made-up keys fetch the key set once in a cooldown, however many come', async () => {
  const { ask, time } = serve()
  expect(await ask(await issuer.token())).toBe('200')
  const stranger = await makeKey('made-up')
  const flood = await Promise.all(
    Array.from({ length: 60 }, (_, index) => issuer.token({}, { kid: `made-up-${index}` }, stranger)),
  )
  expect(new Set(await Promise.all(flood.map((token) => ask(token))))).toEqual(new Set(['401 invalid_token']))
  expect(issuer.counts['/jwks']).toBe(1)
  time.aheadMs = 31_000
  await Promise.all(flood.map((token) => ask(token)))
  expect(issuer.counts['/jwks']).toBe(2)
})

test('a key that was published since is found, at the first token that names it', async () => {
  const { ask, time } = serve()
  await ask(await issuer.token())
  issuer.state.keys.push(await makeKey('key-2'))
  time.aheadMs = 31_000
  expect(await ask(await issuer.token())).toBe('200')
  expect(issuer.counts['/jwks']).toBe(2)
})

test('a key that was taken out of the set is refused after cacheSeconds, for tokens that were seen before as well', async () => {
  const { ask, time } = serve()
  const token = await issuer.token()
  expect(await ask(token)).toBe('200')
  issuer.state.keys = [await makeKey('key-2')]
  expect(await ask(token)).toBe('200')
  time.aheadMs = 301_000
  expect(await ask(token)).toBe('401 invalid_token')
})

test('while the server is away the keys at hand are used, until staleSeconds; then it is 503, and all is well when it is back', async () => {
  const { ask, time, names } = serve({ keys: { staleSeconds: 3600 } })
  const token = await issuer.token({ exp: issuer.now() + 90_000 })
  expect(await ask(token)).toBe('200')
  issuer.state.isAway = true
  time.aheadMs = 3_000_000
  expect(await ask(token)).toBe('200')
  expect(names()).toEqual(['started', 'keys.unreachable'])
  time.aheadMs = 3_700_000
  expect(await ask(token)).toBe('503 temporarily_unavailable')
  expect(await ask('a.b.c'), 'what no key could make good').toBe('401 invalid_token')
  issuer.state.isAway = false
  time.aheadMs = 3_800_000
  expect(await ask(token)).toBe('200')
  expect(names().at(-1)).toBe('keys.recovered')
})

test('a token with an unknown key is 503 and not 401 while the server is away: the key may be new', async () => {
  const { ask, time } = serve()
  expect(await ask(await issuer.token())).toBe('200')
  issuer.state.isAway = true
  time.aheadMs = 31_000
  const token = await issuer.token({}, {}, await makeKey('key-2'))
  expect(await ask(token)).toBe('503 temporarily_unavailable')
})

test('a service that starts before the server answers 503, and serves once it is there', async () => {
  issuer.state.isAway = true
  const { server, ask, time, names } = serve()
  await server.start()
  const token = await issuer.token()
  expect(await ask(token)).toBe('503 temporarily_unavailable')
  expect(names()).toContain('keys.unreachable')
  issuer.state.isAway = false
  time.aheadMs = 3000
  expect(await ask(token)).toBe('200')
})

test('many requests at the start fetch metadata and keys once', async () => {
  const { ask } = serve()
  const token = await issuer.token()
  expect(new Set(await Promise.all(Array.from({ length: 50 }, () => ask(token))))).toEqual(new Set(['200']))
  expect(issuer.counts).toMatchObject({ '/.well-known/openid-configuration': 1, '/jwks': 1 })
})

test.each<[string, string, (issuer: FakeIssuer) => void]>([
  ['metadata of another issuer', '/.well-known/openid-configuration', () => {}],
  ['a redirect of the key set', '/jwks', () => {}],
  ['a key set that is not JSON', '/jwks', () => {}],
  ['a key set that never ends', '/jwks', () => {}],
])('%s is not believed', async (what, path) => {
  const { ask, events } = serve()
  issuer.instead.set(path, (_request, response) => {
    if (what.startsWith('metadata'))
      response.end(JSON.stringify({ issuer: 'https://x', jwks_uri: `${issuer.issuer}/jwks` }))
    else if (what.includes('redirect')) response.writeHead(302, { location: `${issuer.issuer}/other` }).end()
    else if (what.includes('not JSON')) response.end('<html>')
    else response.end(Buffer.alloc(2 ** 21, ' '))
  })
  expect(await ask(await issuer.token())).toBe('503 temporarily_unavailable')
  expect(events.find(({ event }) => event === 'keys.unreachable')).toMatchObject({
    level: 'error',
    error: expect.any(String),
  })
  expect(issuer.counts['/other']).toBeUndefined()
})

test('symmetric and private keys in the set verify nothing', async () => {
  const { ask } = serve()
  const [good] = issuer.state.keys
  const token = await issuer.token()
  issuer.state.keys = [
    { ...(good as NonNullable<typeof good>), jwk: { kty: 'oct', k: 'c2VjcmV0', kid: 'key-1', alg: 'HS256' } },
    { ...(good as NonNullable<typeof good>), jwk: { ...good?.jwk, kid: 'key-1', use: 'enc' } },
  ]
  expect(await ask(token)).toBe('401 invalid_token')
})
