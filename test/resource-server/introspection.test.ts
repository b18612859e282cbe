import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AUDIENCE, createService, type FakeIssuer, startFakeIssuer } from './fake-issuer.ts'

let issuer: FakeIssuer
const services: ReturnType<typeof createService>[] = []
const CLIENT = { clientId: 'orders service', clientSecret: 'a:b&c' }

beforeEach(async () => {
  issuer = await startFakeIssuer()
})
afterEach(async () => {
  for (const { server } of services.splice(0)) server.close()
  await issuer.stop()
})

function serve(options: Parameters<typeof createService>[1] = {}) {
  const service = createService(issuer, { introspection: CLIENT, ...options })
  services.push(service)
  return service
}

const answer = (change: Record<string, unknown> = {}) => ({
  active: true,
  iss: issuer.issuer,
  aud: AUDIENCE,
  sub: 'customer-1',
  client_id: 'shop',
  scope: 'orders:read',
  iat: issuer.now(),
  exp: issuer.now() + 900,
  ...change,
})

describe('an opaque token', () => {
  test('passes when the server says that it is active, with what it says', async () => {
    const { server } = serve()
    issuer.active.set('opaque', answer({ permissions: [{ key: 'A', configuration: { id: [1] } }] }))
    const access = await server.verify(new Request('http://x/', { headers: { authorization: 'Bearer opaque' } }))
    expect(access).toMatchObject({
      subject: 'customer-1',
      checkedBy: 'introspection',
      permissions: [{ key: 'A', configuration: { id: [1] } }],
    })
  })

  test.each<[string, Record<string, unknown>]>([
    ['is not active', { active: false }],
    ['is active by a text', { active: 'true' }],
    ['is for another audience', { aud: 'urn:other' }],
    ['names no audience', { aud: undefined }],
    ['is of another issuer', { iss: 'https://x' }],
    ['has expired', { exp: 1 }],
    ['never expires', { exp: undefined }],
    ['has no subject', { sub: undefined }],
    ['is a refresh token', { token_type: 'refresh_token' }],
    ['is bound to a key', { cnf: { jkt: 'x' } }],
  ])('that %s is refused', async (_what, change) => {
    issuer.active.set('opaque', answer(change))
    expect(await serve().ask('opaque')).toBe('401 invalid_token')
  })

  test('is asked about once by many requests at a time, and again when the answer is old', async () => {
    const { ask, time } = serve()
    issuer.active.set('opaque', answer())
    expect(new Set(await Promise.all(Array.from({ length: 40 }, () => ask('opaque'))))).toEqual(new Set(['200']))
    expect(issuer.counts['/introspect']).toBe(1)
    issuer.active.clear()
    expect(await ask('opaque')).toBe('200')
    time.aheadMs = 6000
    expect(await ask('opaque')).toBe('401 invalid_token')
  })

  test('made-up ones push no answer about a good one out, and there are so many questions at most', async () => {
    const { ask } = serve({ introspection: { ...CLIENT, maxCached: 10, maxInFlight: 5 } })
    issuer.active.set('good', answer())
    expect(await ask('good')).toBe('200')
    const answers = await Promise.all(Array.from({ length: 60 }, (_, index) => ask(`made-up-${index}`)))
    expect(new Set(answers)).toEqual(new Set(['401 invalid_token', '503 temporarily_unavailable']))
    const before = issuer.counts['/introspect'] ?? 0
    expect(before).toBeLessThan(20)
    expect(await ask('good')).toBe('200')
    expect(issuer.counts['/introspect']).toBe(before)
  })

  test.each([
    ['is away', () => (issuer.state.isAway = true)],
    ['answers 500', () => issuer.instead.set('/introspect', (_, response) => response.writeHead(500).end())],
    ['answers 401', () => issuer.instead.set('/introspect', (_, response) => response.writeHead(401).end())],
    ['answers no JSON', () => issuer.instead.set('/introspect', (_, response) => response.end('<html>'))],
    ['never answers', () => issuer.instead.set('/introspect', () => {})],
  ])('is answered 503 when the server %s, also with whenUnreachable open', async (_what, breakIt) => {
    const { server, ask, names } = serve({ whenUnreachable: 'open', timeoutMs: 300 })
    await server.start()
    breakIt()
    expect(await ask('opaque')).toBe('503 temporarily_unavailable')
    expect(names()).toContain('introspection.unreachable')
  })
})

test('the service says who it is, form-encoded', async () => {
  let said = ''
  issuer.instead.set('/introspect', (request, response) => {
    said = String(request.headers.authorization)
    response.end('{"active":false}')
  })
  await serve().ask('opaque')
  expect(said).toBe(`Basic ${Buffer.from('orders+service:a%3Ab%26c').toString('base64')}`)
})

describe('a JWT', () => {
  test('costs no question while the feed is followed', async () => {
    const { ask } = serve()
    expect(await ask(await issuer.token())).toBe('200')
    expect(issuer.counts['/introspect']).toBeUndefined()
  })

  test('is asked about while the feed is blind, and accepted or refused as the server says', async () => {
    issuer.instead.set('/revocations', (_, response) => response.writeHead(500).end())
    const { ask, names } = serve({ whenUnreachable: 'closed' })
    const [live, dead] = [await issuer.token(), await issuer.token()]
    issuer.active.set(live, answer())
    expect([await ask(live), await ask(dead)]).toEqual(['200', '401 invalid_token'])
    expect(names()).toEqual(['started', 'feed.unreachable', 'feed.blind'])
  })

  test('is asked about anew where isFresh is wanted', async () => {
    const { server } = serve()
    const token = await issuer.token()
    const fresh = async () => {
      const request = new Request('http://x/', { headers: { authorization: `Bearer ${token}` } })
      const admission = await server.admit(request, { isFresh: true })
      return admission.isAdmitted ? admission.access.checkedBy : admission.refused.code
    }
    issuer.active.set(token, answer())
    expect([await fresh(), await fresh()]).toEqual(['introspection', 'introspection'])
    issuer.active.clear()
    expect(await fresh()).toBe('invalid_token')
  })

  test('without introspection isFresh is a mistake of the service, and says so', async () => {
    const { server } = createService(issuer)
    const request = new Request('http://x/')
    await expect(server.admit(request, { isFresh: true })).rejects.toThrow(/isFresh needs the setting introspection/)
    server.close()
  })
})

describe('a status list', () => {
  const listed = async (idx: unknown, uri = `${issuer.issuer}/status-lists/1`) => {
    issuer.state.listed = Buffer.from([0b0000_0100, 0])
    const { ask } = createService(issuer, { revocations: false, statusLists: true, whenUnreachable: 'closed' })
    return ask(await issuer.token({ status: { status_list: { idx, uri } } }))
  }

  test.each([
    ['valid', 1, '200'],
    ['not valid', 2, '401 invalid_token'],
    ['beyond the list', 16, '401 invalid_token'],
    ['of no index', -1, '401 invalid_token'],
    ['of a text', '1', '401 invalid_token'],
  ])('that says %s answers so', async (_what, idx, expected) => {
    expect(await listed(idx)).toBe(expected)
  })

  test('of a foreign origin is not asked', async () => {
    expect(await listed(1, 'http://127.0.0.1:1/status-lists/1')).toBe('401 invalid_token')
  })

  test('that cannot be had, or is of another address, or too large, is answered as whenUnreachable says', async () => {
    issuer.instead.set('/status-lists/1', (_, response) => response.writeHead(500).end())
    expect(await listed(1)).toBe('503 temporarily_unavailable')
    const other = await issuer.signed(
      { sub: `${issuer.issuer}/status-lists/2`, iat: issuer.now(), status_list: { bits: 1, lst: 'eNpjYAAAAAIAAQ' } },
      { typ: 'statuslist+jwt' },
    )
    issuer.instead.set('/status-lists/1', (_, response) => response.end(other))
    expect(await listed(1)).toBe('503 temporarily_unavailable')
    issuer.instead.clear()
    const { ask } = createService(issuer, { revocations: false, statusLists: true, whenUnreachable: 'closed' })
    issuer.state.listed = Buffer.alloc(64 * 1_048_576)
    const uri = `${issuer.issuer}/status-lists/3`
    expect(await ask(await issuer.token({ status: { status_list: { idx: 1, uri } } }))).toBe(
      '503 temporarily_unavailable',
    )
  })

  test('is fetched once for many tokens', async () => {
    issuer.state.listed = Buffer.from([0])
    const { ask } = createService(issuer, { revocations: false, statusLists: true })
    const status = { status_list: { idx: 1, uri: `${issuer.issuer}/status-lists/1` } }
    const tokens = await Promise.all(Array.from({ length: 20 }, () => issuer.token({ status })))
    expect(new Set(await Promise.all(tokens.map((token) => ask(token))))).toEqual(new Set(['200']))
    expect(issuer.counts['/status-lists/1']).toBe(1)
  })
})
