import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { endsToken, factsOf } from '../../src/oauth/revocation-feed/ends-token.ts'
import type { FeedEntry } from '../../src/oauth/revocation-feed/feed-entry.ts'
import { fromPayload } from '../../src/oauth/tokens/found-token.ts'
import { ask, OWNER } from '../admin/administrators.ts'
import { describeOn } from '../support/describe-on.ts'
import { freePort } from '../support/free-port.ts'
import { startTestServer, type TestServer, type TestSettings } from '../support/server.ts'
import { createDatabase, createRedisDatabase } from '../support/shared.ts'
import { waitFor } from '../support/wait-for.ts'
import { decode, introspect, read, revoke, SONIA_COMPANY_USER, type Tokens, tokensOf } from './client.ts'
import { newestCursor, readPage } from './feed-reader.ts'

type Ending = {
  readonly of: string
  readonly kind: string
  readonly value: (tokens: Tokens) => unknown
  readonly end: (server: TestServer, tokens: Tokens) => Promise<unknown>
}

const claims = ({ access_token }: Tokens) => decode(access_token).payload
const signOut = (server: TestServer, body: object) => ask(server, OWNER, 'POST', '/v1/sign-outs', body)

const ENDINGS: readonly Ending[] = [
  {
    of: 'one access token',
    kind: 'j',
    value: (tokens) => claims(tokens).jti,
    end: ({ url }, { access_token }) => revoke(url, access_token),
  },
  {
    of: 'a sign-in, by its refresh token',
    kind: 'g',
    value: (tokens) => claims(tokens).gid,
    end: ({ url }, { refresh_token }) => revoke(url, refresh_token),
  },
  {
    of: 'a customer',
    kind: 's',
    value: (tokens) => claims(tokens).sub,
    end: (server, tokens) => signOut(server, { of: 'customer', id: claims(tokens).sub }),
  },
  {
    of: 'a customer, long before now',
    kind: 's',
    value: (tokens) => claims(tokens).sub,
    end: (server, tokens) =>
      signOut(server, { of: 'customer', id: claims(tokens).sub, before: '2020-01-01T00:00:00Z' }),
  },
  {
    of: 'a company user',
    kind: 'm',
    value: () => SONIA_COMPANY_USER,
    end: (server) => signOut(server, { of: 'company-user', id: SONIA_COMPANY_USER }),
  },
  {
    of: 'a client',
    kind: 'c',
    value: () => 'frontend',
    end: (server) => signOut(server, { of: 'client', id: 'frontend' }),
  },
  { of: 'everybody', kind: '*', value: () => '*', end: (server) => signOut(server, { of: 'everybody' }) },
]

const BACKENDS: readonly { name: string; needs?: 'postgres' | 'redis'; settings: () => Promise<TestSettings> }[] = [
  { name: 'the embedded database', settings: async () => ({}) },
  {
    name: 'Postgres',
    needs: 'postgres',
    settings: async () => ({ DATABASE_URL: await createDatabase({ demo: true }) }),
  },
  { name: 'Redis', needs: 'redis', settings: async () => ({ REDIS_URL: await createRedisDatabase() }) },
]

for (const { name, needs, settings } of BACKENDS) {
  const suite = () => {
    let server: TestServer
    beforeAll(async () => {
      server = await startTestServer({ ADMIN_TOKEN: OWNER, ...(await settings()) }, { isEmbedded: needs === undefined })
    })
    afterAll(() => server?.stop())

    test.each(ENDINGS)('who follows the feed learns that $of ended, by the next poll', async ({ kind, value, end }) => {
      const tokens = await tokensOf(server.url)
      const before = await newestCursor(server.url)
      await end(server, tokens)
      const page = await readPage(server.url, `?after=${before}`)
      expect([page.from, page.to > before, page.more]).toEqual([before, true, false])
      const entry = page.entries.find((each) => each[1] === kind && each[2] === value(tokens))
      const { iat, exp } = claims(tokens) as { iat: number; exp: number }
      expect(entry, JSON.stringify(page.entries)).toBeDefined()
      const [seq, , , at, until] = entry as FeedEntry
      expect([seq > before, Number.isInteger(at), until >= exp]).toEqual([true, true, true])
      if (kind !== 'j' && kind !== 'g') expect(at).toBeGreaterThanOrEqual(iat)
      const facts = factsOf(fromPayload(claims(tokens) as never))
      expect(page.entries.some((each) => endsToken(each as FeedEntry, facts))).toBe(true)
      // The snapshot has it too, and who has read it finds nothing new.
      expect((await readPage(server.url)).entries).toContainEqual(entry)
      expect((await readPage(server.url, `?after=${page.to}`)).entries).toEqual([])
    })
  }
  if (needs) describeOn(needs, `on ${name}`, suite)
  else describe(`on ${name}`, suite)
}

describe('over HTTP', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer({ ADMIN_TOKEN: OWNER })
  })
  afterAll(() => server?.stop())
  const get = (query: string, headers: Record<string, string> = {}) =>
    fetch(`${server.url}/revocations${query}`, { headers })
  const endOne = async () => void (await revoke(server.url, (await tokensOf(server.url)).access_token))

  test('an ending is told of for as long as a token lives that was given more than tokens are given now', async () => {
    const metadata = {
      client_id: 'long-lived',
      first_party: true,
      token_endpoint_auth_method: 'none',
      grant_types: ['password'],
      access_token_ttl_seconds: 5_000_000,
    }
    const made = await ask(server, OWNER, 'POST', '/v1/clients', { metadata })
    expect(made.status).toBe(201)
    const tokens = await tokensOf(server.url, { client_id: 'long-lived' })
    const cursor = await newestCursor(server.url)
    const removed = await ask(server, OWNER, 'DELETE', '/v1/clients/long-lived', undefined, {
      'if-match': String(made.headers.get('etag')),
    })
    expect(removed.status).toBeLessThan(300)
    await signOut(server, { of: 'customer', id: claims(tokens).sub })
    const { entries } = await readPage(server.url, `?after=${cursor}`)
    expect(entries.map(([, kind]) => kind)).toEqual(['c', 's'])
    for (const [, , , , until] of entries) expect(until).toBeGreaterThanOrEqual(Number(claims(tokens).exp))
  })

  test('discovery leads to it', async () => {
    const { body } = await read(fetch(`${server.url}/.well-known/openid-configuration`))
    expect(body.vestibule_revocation_feed).toBe(`${server.url}/revocations`)
    expect(body.status_list_aggregation_endpoint).toBe(`${server.url}/status-lists`)
  })

  test('a page may be kept by every cache, for less than half of the time it is good for, and sets no cookie', async () => {
    await endOne()
    const { headers, iat, exp, ttl, to } = await readPage(server.url)
    expect(headers.get('content-type')).toBe('application/jwt')
    expect(headers.get('access-control-allow-origin')).toBe('*')
    expect(headers.get('set-cookie')).toBeNull()
    expect(headers.get('etag')).toBe(`"${to}"`)
    expect(exp - iat).toBe(3 * ttl)
    const [, maxAge] = /^public, max-age=(\d+)$/.exec(String(headers.get('cache-control'))) ?? []
    expect(Number(maxAge)).toBeLessThanOrEqual(ttl / 2)
  })

  test('the same cursor again is answered 304, until something else ends', async () => {
    await endOne()
    const cursor = await newestCursor(server.url)
    const first = await get(`?after=${cursor}`)
    const etag = String(first.headers.get('etag'))
    for (const known of [etag, `W/${etag}`, `"0", ${etag}`, '*']) {
      const again = await get(`?after=${cursor}`, { 'if-none-match': known })
      expect([again.status, again.headers.get('etag'), await again.text()], known).toEqual([304, etag, ''])
    }
    await endOne()
    const news = await get(`?after=${cursor}`, { 'if-none-match': etag })
    expect([news.status, news.headers.get('etag') === etag]).toEqual([200, false])
  })

  test('the answer from memory is the one that others get: the same status, headers and page', async () => {
    await endOne()
    const cursor = await newestCursor(server.url)
    const told = async (headers: Record<string, string>) => {
      const answer = await get(`?after=${cursor}`, headers)
      const kept = [...answer.headers].filter(([name]) => name !== 'date' && name !== 'x-request-id')
      return [answer.status, kept, await answer.text()]
    }
    await told({})
    expect(await told({})).toEqual(await told({ origin: 'https://other.example' }))
  })

  test('a cache with an old copy gets the page signed anew', async () => {
    await endOne()
    const first = await get('')
    const headers = { 'if-none-match': String(first.headers.get('etag')) }
    const signed = String(first.headers.get('last-modified'))
    expect((await get('', { ...headers, 'if-modified-since': signed })).status).toBe(304)
    const older = new Date(Date.parse(signed) - 1000).toUTCString()
    expect((await get('', { ...headers, 'if-modified-since': older })).status).toBe(200)
  })

  test.each([
    'after=',
    'after=-1',
    'after=1.5',
    'after=x',
    'after=1e3',
    'after=9999999999999999',
    'after=1&after=2',
    'after[]=1',
    'wait=x',
    'wait=-1',
    'wait=1&wait=2',
    'after=0&wait=',
  ])('%s is refused with the reason', async (query) => {
    const answer = await read(get(`?${query}`))
    // A name that is none of ours is no mistake of the two that are.
    if (query.startsWith('after[]')) return expect(answer.status).toBe(200)
    expect([answer.status, answer.body]).toEqual([
      400,
      { error: 'invalid_request', error_description: expect.stringMatching(/^(after|wait) must be /) },
    ])
  })

  test.each(['1000000', '999999999999999'])(
    'the cursor %s, which no page gave, is answered with the snapshot',
    async (cursor) => {
      await endOne()
      const snapshot = await readPage(server.url)
      expect(await readPage(server.url, `?after=${cursor}`)).toMatchObject({
        from: 0,
        to: snapshot.to,
        entries: snapshot.entries,
      })
      const waiting = await readPage(server.url, `?after=${cursor}&wait=30`)
      expect(waiting.from).toBe(0)
    },
  )

  test('other methods are refused with those there are, and scripts of other origins may ask', async () => {
    for (const method of ['POST', 'PUT', 'DELETE']) {
      const { status, headers } = await fetch(`${server.url}/revocations`, { method })
      expect([status, headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS'])
    }
    const head = await fetch(`${server.url}/revocations`, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-type'), await head.text()]).toEqual([200, 'application/jwt', ''])
    const preflight = await fetch(`${server.url}/revocations`, {
      method: 'OPTIONS',
      headers: { origin: 'https://other.example', 'access-control-request-headers': 'if-none-match' },
    })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-headers')).toMatch(/if-none-match/i)
  })

  test('who waits is answered as soon as something ends, and a snapshot is not waited for', async () => {
    const cursor = await newestCursor(server.url)
    const { access_token } = await tokensOf(server.url)
    const waiting = readPage(server.url, `?after=${cursor}&wait=30`)
    await endOne()
    const page = await waiting
    expect(page.to).toBeGreaterThan(cursor)
    expect(page.headers.get('cache-control')).toBe('no-store')
    expect((await readPage(server.url, '?wait=30')).from).toBe(0)
    // Asking for what is there already is no wait either.
    expect((await readPage(server.url, `?after=${cursor}&wait=30`)).to).toBeGreaterThan(cursor)
    expect((await introspect(server.url, access_token)).active).toBe(true)
  })

  test('who waits in vain gets an empty page', async () => {
    const cursor = await newestCursor(server.url)
    expect(await readPage(server.url, `?after=${cursor}&wait=1`)).toMatchObject({
      from: cursor,
      to: cursor,
      entries: [],
    })
  })
})

test('a server that stops answers who waits, and without the setting there is no feed', async () => {
  const server = await startTestServer()
  const cursor = await newestCursor(server.url)
  const waiting = readPage(server.url, `?after=${cursor}&wait=30`).catch((error: Error) => error)
  await waitFor(async () => (await fetch(`${server.url}/jwks`)).ok, { what: 'the server' })
  await server.stop()
  await waiting
  const other = await startTestServer({ REVOCATION_FEED: 'false' })
  try {
    expect((await fetch(`${other.url}/revocations`)).status).toBe(404)
    const { body } = await read(fetch(`${other.url}/.well-known/openid-configuration`))
    expect(body).not.toHaveProperty('vestibule_revocation_feed')
  } finally {
    await other.stop()
  }
})

describeOn('redis', 'on two nodes', () => {
  let first: TestServer
  let second: TestServer
  let secondUrl = ''
  beforeAll(async () => {
    const shared = {
      DATABASE_URL: await createDatabase({ demo: true }),
      REDIS_URL: await createRedisDatabase(),
      KEYS_URL: 'sql:',
      ADMIN_TOKEN: OWNER,
    }
    first = await startTestServer(shared)
    const PORT = String(await freePort())
    second = await startTestServer({ ...shared, ISSUER: first.config.ISSUER, PORT })
    secondUrl = `http://localhost:${PORT}`
  })
  afterAll(() => Promise.all([first?.stop(), second?.stop()]))

  test('50 revocations at once on both lose none for a reader that polls the other all the time', async () => {
    const issuer = first.url
    const tokens = await Promise.all(Array.from({ length: 50 }, () => tokensOf(first.url)))
    const start = await newestCursor(secondUrl, { issuer })
    const seen: string[] = []
    const seqs: number[] = []
    let cursor = start
    const poll = async () => {
      const page = await readPage(secondUrl, `?after=${cursor}`, { issuer })
      seen.push(...page.entries.map(([, , value]) => value))
      seqs.push(...page.entries.map(([seq]) => seq))
      cursor = page.to
    }
    let isRevoking = true
    const reader = (async () => {
      while (isRevoking) await poll()
    })()
    await Promise.all(tokens.map(({ access_token }, index) => revoke(index % 2 ? first.url : secondUrl, access_token)))
    isRevoking = false
    await reader
    const expected = tokens.map((each) => String(claims(each).jti)).sort()
    await waitFor(
      async () => {
        await poll()
        return seen.length >= expected.length
      },
      { what: 'every revocation in the feed' },
    )
    expect(seen.toSorted()).toEqual(expected)
    expect(seqs).toEqual(seqs.toSorted((one, other) => one - other))
  })

  test('who waits at one node hears of what ended at the other', async () => {
    const cursor = await newestCursor(secondUrl, { issuer: first.url })
    const { access_token } = await tokensOf(first.url)
    const waiting = readPage(secondUrl, `?after=${cursor}&wait=30`, { issuer: first.url })
    await revoke(first.url, access_token)
    expect((await waiting).entries.map(([, , value]) => value)).toContain(decode(access_token).payload.jti)
  })
})
