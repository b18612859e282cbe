import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { waitFor } from '../support/wait-for.ts'
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
  const service = createService(issuer, options)
  services.push(service)
  return service
}

const cursorOf = ({ server }: ReturnType<typeof createService>) => {
  const { feed } = server.state()
  return feed === 'off' ? undefined : feed.cursor
}

describe('a token is dead when the feed ends', () => {
  const at = Math.floor(Date.now() / 1000) - 100
  const CLAIMS = { iat: at, jti: 'the-token', gid: 'the-grant', parent_gid: 'the-parent', id_company_user: 'cu-1' }
  const all = { ...CLAIMS, grant_client_id: 'app', act: { sub: 'orders-service', act: { sub: 'agent:7' } } }

  test.each([
    ['its jti', 'j', 'the-token'],
    ['its sign-in', 'g', 'the-grant'],
    ['the sign-in that its own hangs from', 'g', 'the-parent'],
    ['its subject', 's', 'customer-1'],
    ['its company user', 'm', 'cu-1'],
    ['its client', 'c', 'shop'],
    ['the client that the customer signed in to', 'c', 'app'],
    ['the agent who acts', 's', 'agent:7'],
    ['everybody', '*', '*'],
  ])('%s', async (_what, kind, value) => {
    const { ask } = serve()
    const [token, other] = [
      await issuer.token(all),
      await issuer.token({ ...all, iat: at + 1, jti: 'x', gid: 'y', parent_gid: 'z' }),
    ]
    issuer.revoke(kind, value, at)
    expect(await ask(token), 'issued in the second of the ending').toBe('401 invalid_token')
    expect(await ask(other), 'issued in the second after').toBe('200')
  })

  test.each([
    ['j', 'another-token'],
    ['g', 'customer-1'],
    ['s', 'another-customer'],
    ['s', 'shop'],
    ['m', 'customer-1'],
    ['c', 'customer-1'],
    ['s', '__proto__'],
  ])('and lives when it ends %s of %s', async (kind, value) => {
    const { ask } = serve()
    issuer.revoke(kind, value, at)
    expect(await ask(await issuer.token(all))).toBe('200')
  })
})

test('a token that was remembered as good is refused as soon as the feed ends it', async () => {
  issuer.state.ttl = 1
  const service = serve()
  const token = await issuer.token()
  expect(await service.ask(token)).toBe('200')
  issuer.revoke('g', 'grant-1')
  await waitFor(async () => (await service.ask(token)) === '401 invalid_token', { what: 'the feed to end the token' })
})

test('a reader that follows while fifty endings race has them all', async () => {
  issuer.state.ttl = 1
  issuer.state.most = 7
  const service = serve()
  await service.server.start()
  const tokens = await Promise.all(Array.from({ length: 50 }, (_, index) => issuer.token({ gid: `g-${index}` })))
  await Promise.all(tokens.map(async (_token, index) => issuer.revoke('g', `g-${index}`)))
  await waitFor(() => cursorOf(service) === 50, { what: 'the reader to be at the end' })
  expect(new Set(await Promise.all(tokens.map((token) => service.ask(token))))).toEqual(new Set(['401 invalid_token']))
})

test('asks for what came after its cursor, and is told "not modified" only while its page still holds', async () => {
  issuer.state.ttl = 1
  issuer.revoke('j', 'x')
  const service = serve()
  await service.server.start()
  await waitFor(() => (issuer.counts['/revocations'] ?? 0) >= 4, { what: 'polls' })
  const queries = issuer.asked.filter(({ pathname }) => pathname === '/revocations').map(({ search }) => search)
  expect(queries.slice(0, 2)).toEqual(['', '?after=1'])
  expect(await service.ask(await issuer.token())).toBe('200')
  expect(service.names()).toEqual(['started'])
})

test('entries that the server no longer has in between make it take the snapshot', async () => {
  issuer.state.ttl = 1
  issuer.revoke('j', 'x')
  const service = serve()
  await service.server.start()
  const kept = await issuer.token({ gid: 'kept' })
  for (let index = 0; index < 5; index++) issuer.revoke('g', index === 4 ? 'kept' : `gone-${index}`)
  issuer.state.entries.splice(0, 5)
  issuer.state.floor = 6
  await waitFor(() => cursorOf(service) === 6, { what: 'the snapshot' })
  expect(await service.ask(kept)).toBe('401 invalid_token')
  const queries = issuer.asked.filter(({ pathname }) => pathname === '/revocations').map(({ search }) => search)
  expect(queries.slice(0, 3)).toEqual(['', '?after=1', ''])
})

test('a feed with fewer entries than before is told, and what is at hand still counts', async () => {
  issuer.state.ttl = 1
  issuer.revoke('g', 'grant-1')
  issuer.revoke('j', 'x')
  const service = serve()
  await service.server.start()
  issuer.state.entries = []
  issuer.revoke('j', 'y')
  await waitFor(() => service.names().includes('feed.rewound'), { what: 'the loss to be seen' })
  expect(await service.ask(await issuer.token())).toBe('401 invalid_token')
})

describe('a page is not believed', () => {
  const now = () => Math.floor(Date.now() / 1000)

  test.each<[string, () => string | Promise<string>]>([
    ['with one flipped byte', async () => flipped(await issuer.page(undefined))],
    ['of another issuer', () => issuer.page(undefined, { iss: 'https://x' })],
    ['of another type', () => issuer.signed({ iss: issuer.issuer }, { typ: 'at+jwt' })],
    ['by another key', async () => issuer.page(undefined, {}, await makeKey('key-1'))],
    ['that has expired', () => issuer.page(undefined, { iat: now() - 900, exp: now() - 60 })],
    ['of the future', () => issuer.page(undefined, { iat: now() + 900, exp: now() + 1900 })],
    ['that holds for a year', () => issuer.page(undefined, { exp: now() + 31_536_000 })],
    ['that ends before it begins', () => issuer.page(undefined, { from: 9, to: 1 })],
    ['without entries', () => issuer.page(undefined, { entries: undefined })],
    ['whose entry is none', () => issuer.page(undefined, { entries: [[1, 's', 7, 1, 1]] })],
    ['that is no JWT', () => '<html>'],
    ['that never ends', () => 'x'.repeat(9_000_000)],
  ])('%s: the service is blind', async (_what, make) => {
    const body = await make()
    issuer.instead.set('/revocations', (_request, response) => response.end(body))
    const { server, ask, names } = serve({ whenUnreachable: 'closed' })
    expect(await ask(await issuer.token())).toBe('503 temporarily_unavailable')
    expect(server.state().feed).toMatchObject({ isBlind: true })
    expect(names()).toEqual(expect.arrayContaining(['feed.unreachable', 'feed.blind', 'unreachable.refused']))
  })

  function flipped(jwt: string): string {
    const at = jwt.indexOf('.') + 20
    return jwt.slice(0, at) + (jwt[at] === 'A' ? 'B' : 'A') + jwt.slice(at + 1)
  }
})

describe('when the page at hand has expired and there is no newer one', () => {
  async function blindService(options: Parameters<typeof createService>[1]) {
    const service = serve(options)
    const token = await issuer.token({ exp: issuer.now() + 5000, iat: issuer.now() - 10 })
    expect(await service.ask(token)).toBe('200')
    issuer.revoke('g', 'ended-before', issuer.now())
    issuer.state.isAway = true
    service.time.aheadMs = 200_000
    return { ...service, token }
  }

  test.each([
    [undefined, 'GET', '200'],
    [undefined, 'POST', '503 temporarily_unavailable'],
    ['open', 'POST', '200'],
    ['closed', 'GET', '503 temporarily_unavailable'],
  ] as const)('whenUnreachable %s answers %s with %s, loudly', async (whenUnreachable, method, expected) => {
    const { ask, token, events } = await blindService(whenUnreachable ? { whenUnreachable } : {})
    expect(await ask(token, { method })).toBe(expected)
    const event = expected === '200' ? 'unreachable.accepted' : 'unreachable.refused'
    expect(events).toContainEqual(expect.objectContaining({ event, level: 'error' }))
    expect(events).toContainEqual(expect.objectContaining({ event: 'feed.blind', level: 'error' }))
  })

  test('what was accepted blindly says so', async () => {
    const { server, token } = await blindService({})
    const access = await server.verify(new Request('http://x/', { headers: { authorization: `Bearer ${token}` } }))
    expect(access.isKnownUnrevoked).toBe(false)
  })

  test('revocations at hand still count', async () => {
    issuer.revoke('j', 'dead')
    const { ask } = await blindService({ whenUnreachable: 'open' })
    expect(await ask(await issuer.token({ jti: 'dead' }))).toBe('401 invalid_token')
  })

  test('requests tell of it every ten seconds at most', async () => {
    const { ask, token, events, time } = await blindService({ whenUnreachable: 'open' })
    for (let index = 0; index < 20; index++) await ask(token)
    const told = () => events.filter(({ event }) => event === 'unreachable.accepted')
    expect(told()).toHaveLength(1)
    time.aheadMs += 11_000
    await ask(token)
    expect(told().at(-1)).toMatchObject({ times: 20 })
  })

  test('the feed is followed again once the server is back', async () => {
    const { ask, names, time, token } = await blindService({})
    await ask(token)
    issuer.state.isAway = false
    issuer.state.clock = () => Date.now() + time.aheadMs
    time.aheadMs += 60_000
    await waitFor(async () => (await ask(token, { method: 'POST' })) === '200', { what: 'sight' })
    expect(names()).toContain('feed.recovered')
  })
})

test('more revocations than maxEntries make the service blind, and do not make it grow', async () => {
  for (let index = 0; index < 30; index++) issuer.revoke('j', `x-${index}`)
  const { server, ask, names } = serve({ revocations: { maxEntries: 20 }, whenUnreachable: 'closed' })
  expect(await ask(await issuer.token())).toBe('503 temporarily_unavailable')
  expect(server.state().feed).toMatchObject({ isBlind: true, entries: 20 })
  expect(names()).toContain('feed.full')
})

test('entries are forgotten when no token that they end can be alive', async () => {
  issuer.state.ttl = 1
  issuer.revoke('j', 'old', issuer.now() - 9000, issuer.now() - 5000)
  for (let index = 0; index < 20; index++) issuer.revoke('j', `x-${index}`, issuer.now(), issuer.now() + 600)
  const { server, time } = serve()
  expect((await server.start()).feed).toMatchObject({ entries: 20 })
  time.aheadMs = 700_000
  issuer.state.clock = () => Date.now() + time.aheadMs
  await waitFor(() => (server.state().feed as { entries: number }).entries === 0, { what: 'forgetting' })
})

test('a kind of entry that is not known here is told', async () => {
  issuer.revoke('z', 'x')
  const { server, names } = serve()
  await server.start()
  expect(names()).toContain('feed.unknown-kind')
})

test('a server without a feed is told, and its tokens pass as not known to be unrevoked', async () => {
  issuer.state.hasFeed = false
  const { server, names } = serve({ whenUnreachable: 'closed' })
  const headers = { authorization: `Bearer ${await issuer.token()}` }
  expect(await server.verify(new Request('http://x/', { headers }))).toMatchObject({ isKnownUnrevoked: false })
  expect(names()).toEqual(['started', 'feed.absent'])
})

test('with waitSeconds a revocation arrives without a poll', async () => {
  const service = serve({ revocations: { waitSeconds: 20 } })
  await service.server.start()
  const held: (() => void)[] = []
  issuer.instead.set('/revocations', (request, response) => {
    held.push(() => {
      issuer.instead.delete('/revocations')
      void issuer.page(0).then((page) => response.end(page))
    })
    expect(new URL(String(request.url), issuer.issuer).search).toBe('?after=0&wait=20')
  })
  await waitFor(() => held.length > 0, { what: 'the question that waits' })
  const token = await issuer.token()
  expect(await service.ask(token)).toBe('200')
  issuer.revoke('g', 'grant-1')
  held[0]?.()
  await waitFor(async () => (await service.ask(token)) === '401 invalid_token', { what: 'the answer' })
})
