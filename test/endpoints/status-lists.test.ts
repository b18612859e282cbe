import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { statusAt } from '../oauth/status-lists/read-status.ts'
import { describeOn } from '../support/describe-on.ts'
import { freePort } from '../support/free-port.ts'
import { startTestServer, type TestServer, type TestSettings } from '../support/server.ts'
import { createDatabase, createRedisDatabase } from '../support/shared.ts'
import { waitFor } from '../support/wait-for.ts'
import {
  decode,
  ordersService,
  read,
  refresh,
  revoke,
  ron,
  SONIA_COMPANY_USER,
  type Tokens,
  tokensOf,
} from './client.ts'

const RESOURCE = 'urn:test:listed'
const machine = { grant_type: 'client_credentials', username: undefined, password: undefined }

type Place = { readonly idx: number; readonly uri: string }
type StatusList = {
  readonly sub: string
  readonly iat: number
  readonly exp: number
  readonly ttl: number
  readonly status_list: { readonly bits: number; readonly lst: string }
}

const claims = ({ access_token }: Tokens) => decode(access_token).payload
const placeOf = (tokens: Tokens) => (claims(tokens).status as { status_list: Place }).status_list

async function addListed(server: TestServer): Promise<void> {
  const settings = { identifier: RESOURCE, scopes: [], format: 'jwt', hasMachineTokens: true, status_list: true }
  const { status } = await ask(server, OWNER, 'POST', '/v1/resource-servers', settings)
  if (status !== 201) throw new Error(`the resource server was refused: ${status}`)
}

/** The list at an address, as one node serves it. */
async function listAt(uri: string, node = ''): Promise<StatusList> {
  const at = node === '' ? uri : node + new URL(uri).pathname
  const answer = await fetch(at, { headers: { accept: 'application/statuslist+jwt' } })
  if (answer.status !== 200) throw new Error(`no list: ${answer.status}`)
  const keys = createRemoteJWKSet(new URL('/jwks', at))
  const { payload } = await jwtVerify(await answer.text(), keys, { subject: uri, typ: 'statuslist+jwt' })
  return payload as unknown as StatusList
}

const statusOf = async (tokens: Tokens, node?: string) => {
  const { idx, uri } = placeOf(tokens)
  return statusAt((await listAt(uri, node)).status_list, idx)
}
const isOver = (tokens: Tokens, node?: string) =>
  waitFor(async () => (await statusOf(tokens, node)) === 1, { what: 'the bit of a token that ended' })

type Ending = { readonly of: string; readonly end: (server: TestServer, tokens: Tokens) => Promise<unknown> }
const signOut = (server: TestServer, body: object) => ask(server, OWNER, 'POST', '/v1/sign-outs', body)
const ENDINGS: readonly Ending[] = [
  { of: 'one access token', end: ({ url }, { access_token }) => revoke(url, access_token) },
  { of: 'a sign-in', end: ({ url }, { refresh_token }) => revoke(url, refresh_token) },
  { of: 'a customer', end: (server, tokens) => signOut(server, { of: 'customer', id: claims(tokens).sub }) },
  { of: 'a company user', end: (server) => signOut(server, { of: 'company-user', id: SONIA_COMPANY_USER }) },
  { of: 'a client', end: (server) => signOut(server, { of: 'client', id: 'frontend' }) },
  { of: 'everybody', end: (server) => signOut(server, { of: 'everybody' }) },
]

const BACKENDS: readonly { name: string; needs?: 'postgres' | 'redis'; settings: () => Promise<TestSettings> }[] = [
  { name: 'the embedded database', settings: async () => ({}) },
  {
    name: 'Postgres',
    needs: 'postgres',
    settings: async () => ({ DATABASE_URL: await createDatabase({ demo: true }) }),
  },
]

for (const { name, needs, settings } of BACKENDS) {
  const suite = () => {
    let server: TestServer
    beforeAll(async () => {
      server = await startTestServer({ ADMIN_TOKEN: OWNER, ...(await settings()) }, { isEmbedded: needs === undefined })
      await addListed(server)
    })
    afterAll(() => server?.stop())

    test.each(ENDINGS)(
      'the bit of a token is set when $of ends, and that of a token of somebody else is not',
      async ({ of, end }) => {
        const [tokens, twin] = await Promise.all([1, 2].map(() => tokensOf(server.url, { resource: RESOURCE })))
        const other = await tokensOf(server.url, { ...ron, resource: RESOURCE })
        const service = await tokensOf(server.url, { ...machine, resource: RESOURCE }, ordersService)
        const all = [tokens, twin, other, service] as [Tokens, Tokens, Tokens, Tokens]
        expect(await Promise.all(all.map((each) => statusOf(each)))).toEqual([0, 0, 0, 0])
        await end(server, all[0])
        await isOver(all[0])
        const alone = of === 'one access token' || of === 'a sign-in'
        const expected = [1, alone ? 0 : 1, of === 'a client' || of === 'everybody' ? 1 : 0, of === 'everybody' ? 1 : 0]
        expect(await Promise.all(all.map((each) => statusOf(each)))).toEqual(expected)
      },
    )
  }
  if (needs) describeOn(needs, `on ${name}`, suite)
  else describe(`on ${name}`, suite)
}

describe('over HTTP', () => {
  let server: TestServer
  let tokens: Tokens
  beforeAll(async () => {
    server = await startTestServer({ ADMIN_TOKEN: OWNER })
    await addListed(server)
    tokens = await tokensOf(server.url, { resource: RESOURCE })
  })
  afterAll(() => server?.stop())

  test('tokens of a resource server that does not ask for it say nothing of a status', async () => {
    expect(claims(await tokensOf(server.url))).not.toHaveProperty('status')
  })

  test('every way to a token gives it a place of its own', async () => {
    const { refresh_token } = await tokensOf(server.url, { resource: RESOURCE, scope: 'customer' })
    const refreshed = (await read(refresh(server.url, refresh_token))).body
    const service = await tokensOf(server.url, { ...machine, resource: RESOURCE }, ordersService)
    const places = [tokens, refreshed, service].map(placeOf)
    expect(new Set(places.map(({ idx, uri }) => `${uri} ${idx}`)).size).toBe(3)
    for (const { idx, uri } of places) {
      expect(uri).toMatch(new RegExp(`^${server.url}/status-lists/\\d+$`))
      expect(Number.isInteger(idx) && idx >= 0).toBe(true)
    }
  })

  test('a list says its address, how long it may be kept, and when it is over', async () => {
    const { uri } = placeOf(tokens)
    const list = await listAt(uri)
    expect(list).toMatchObject({ sub: uri, status_list: { bits: 1 } })
    expect([list.ttl > 0, list.exp > list.iat + list.ttl, list.exp > Date.now() / 1000]).toEqual([true, true, true])
  })

  test('a copy of the list is long enough for tokens that are younger', async () => {
    const { uri } = placeOf(tokens)
    const copy = await listAt(uri)
    const younger = await tokensOf(server.url, { resource: RESOURCE })
    expect(placeOf(younger).uri).toBe(uri)
    expect(statusAt(copy.status_list, placeOf(younger).idx)).toBe(0)
    expect(statusAt(copy.status_list, 2 ** 20)).toBeUndefined()
  })

  test('caches and scripts of other origins may have it, packed or not', async () => {
    const { uri } = placeOf(tokens)
    const plain = await fetch(uri, { headers: { 'accept-encoding': 'identity' } })
    expect(plain.headers.get('content-type')).toBe('application/statuslist+jwt')
    expect(plain.headers.get('access-control-allow-origin')).toBe('*')
    expect(plain.headers.get('cache-control')).toMatch(/^public, max-age=\d+$/)
    expect([plain.headers.get('set-cookie'), plain.headers.get('vary')]).toEqual([null, 'Accept-Encoding'])
    const etag = String(plain.headers.get('etag'))
    expect((await fetch(uri, { headers: { 'if-none-match': etag } })).status).toBe(304)
    expect((await fetch(uri, { method: 'OPTIONS' })).status).toBe(204)
    expect((await fetch(uri, { method: 'POST' })).status).toBe(405)
  })

  test.each<[string, number, Record<string, string>]>([
    ['?time=1700000000', 501, {}],
    ['?time=', 501, {}],
    ['', 406, { accept: 'application/statuslist+cwt' }],
    ['', 200, { accept: '*/*' }],
    ['', 200, { accept: 'application/statuslist+cwt, application/statuslist+jwt' }],
  ])('%s is answered %i to %j', async (query, status, headers) => {
    expect((await fetch(placeOf(tokens).uri + query, { headers })).status).toBe(status)
  })

  test.each(['0', '999999999', '1x', '-1', '1/2', '99999999999999999999', '%00', "1'"])(
    'there is no list %s',
    async (id) => {
      expect((await fetch(`${server.url}/status-lists/${id}`)).status).toBe(404)
    },
  )

  test('all lists are named at the address that discovery gives', async () => {
    const { body } = await read(fetch(`${server.url}/.well-known/openid-configuration`))
    const all = await read(fetch(body.status_list_aggregation_endpoint))
    expect(all.headers.get('content-type')).toMatch(/^application\/json/)
    expect(all.body.status_lists).toContain(placeOf(tokens).uri)
  })

  test('opaque tokens have no place: they are asked about', async () => {
    const settings = { identifier: 'urn:test:opaque', scopes: [], format: 'opaque', status_list: true }
    expect((await ask(server, OWNER, 'POST', '/v1/resource-servers', settings)).status).toBe(400)
  })
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
    await addListed(first)
  })
  afterAll(() => Promise.all([first?.stop(), second?.stop()]))

  test('no place is given twice, and what ends at one node is over in the list of the other', async () => {
    const urls = Array.from({ length: 60 }, (_, index) => (index % 2 ? first.url : secondUrl))
    const all = await Promise.all(urls.map((url) => tokensOf(url, { ...machine, resource: RESOURCE }, ordersService)))
    expect(new Set(all.map((each) => `${placeOf(each).uri} ${placeOf(each).idx}`)).size).toBe(60)
    const [revoked, kept] = [all.slice(0, 20), all.slice(20)]
    await Promise.all(revoked.map(({ access_token }) => revoke(first.url, access_token, {}, ordersService)))
    for (const tokens of revoked) await isOver(tokens, secondUrl)
    for (const tokens of kept) expect(await statusOf(tokens, secondUrl)).toBe(0)
  })
})
