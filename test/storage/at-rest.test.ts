import { Redis } from 'ioredis'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase } from '../../src/database/index.ts'
import { STORAGE_TABLES } from '../../src/storage/sql.ts'
import { prune } from '../../src/storage/sql-pruning.ts'
import { obtainCode, read, redeem, refresh, revoke, thirdParty, tokensOf } from '../endpoints/client.ts'
import { describeOn } from '../support/describe-on.ts'
import { postForm } from '../support/http.ts'
import { startTestServer, type TestServer, type TestSettings } from '../support/server.ts'
import { createDatabase, createRedisDatabase } from '../support/shared.ts'
import { ADMIN, addClient, dpopKey, dpopProof, signInBy } from './shop.ts'

const WAREHOUSE = { resource: 'urn:vestibule:warehouse', scope: 'stock:read' }
const LONGEST_LIFE_MS = 401 * 24 * 3600 * 1000

/** Goes through every flow and returns every value whose bearer is let in. */
async function runEveryFlow({ url }: TestServer): Promise<string[]> {
  const password = await tokensOf(url, { scope: 'openid email' })
  const opaque = await tokensOf(url, WAREHOUSE)
  const bound = await tokensOf(url, {}, dpopProof(dpopKey(), `${url}/token`))
  const machine = await tokensOf(url, { grant_type: 'client_credentials', ...WAREHOUSE }, thirdParty)
  const { body: rotated } = await read(refresh(url, password.refresh_token))
  await refresh(url, password.refresh_token)
  await revoke(url, rotated.access_token)

  const left = await obtainCode(url)
  const used = await obtainCode(url)
  const { body: exchanged } = await read(redeem(url, used.code, used.verifier))
  const cookies = [left, used].flatMap(({ jar }) => jar.get(url, 'vestibule_session') ?? [])
  const { body: device } = await read(postForm(`${url}/device_authorization`, { client_id: 'device-app' }))
  await postForm(`${url}/token`, {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code: device.device_code,
    client_id: 'device-app',
  })
  expect(cookies).toHaveLength(2)
  const tokens = [password, opaque, bound, machine, rotated, exchanged]
  return [
    ...tokens.flatMap(({ access_token, refresh_token }) => [access_token, refresh_token]),
    ...[left.code, used.code, ...cookies, device.device_code, device.user_code, device.user_code.replace('-', '')],
  ].filter((value): value is string => typeof value === 'string')
}

function expectNoneOf(values: readonly string[], dump: string): void {
  expect(values.length).toBeGreaterThan(15)
  const found = values.filter(
    (value) => dump.includes(value) || dump.includes(Buffer.from(value).toString('base64url')),
  )
  expect(found).toEqual([])
}

async function withServer<T>(settings: TestSettings, use: (server: TestServer) => Promise<T>): Promise<T> {
  const server = await startTestServer({ ...ADMIN, ...settings })
  try {
    return await use(server)
  } finally {
    await server.stop()
  }
}

describeOn('redis', 'at rest in Redis', () => {
  let redis: Redis
  let dump: [string, string, number][]
  let bearers: string[]
  beforeAll(async () => {
    const REDIS_URL = await createRedisDatabase()
    redis = new Redis(REDIS_URL)
    const DATABASE_URL = await createDatabase({ demo: true })
    await withServer({ REDIS_URL, DATABASE_URL }, async (server) => {
      bearers = await runEveryFlow(server)
      const keys = await redis.keys('*')
      dump = await Promise.all(
        keys.map(
          async (key): Promise<[string, string, number]> => [key, String(await redis.get(key)), await redis.pttl(key)],
        ),
      )
    })
  })
  afterAll(() => redis?.disconnect())

  test('no bearer value is in a dump of it', () => {
    expectNoneOf(bearers, JSON.stringify(dump))
  })

  test('every key has an end', () => {
    expect(dump.length).toBeGreaterThan(10)
    const endless = dump.filter(([, , ttlMs]) => ttlMs <= 0 || ttlMs > LONGEST_LIFE_MS)
    expect(endless).toEqual([])
  })

  test('with the clock moved past every lifetime nothing is left', async () => {
    for (const key of await redis.keys('*')) await redis.pexpire(key, (await redis.pttl(key)) - LONGEST_LIFE_MS)
    expect(await redis.dbsize()).toBe(0)
  })

  test('a grant never ends before its refresh token', () => {
    const ttls = (kind: string) => dump.filter(([key]) => key.startsWith(`${kind}:{`)).map(([, , ttlMs]) => ttlMs)
    expect(ttls('RefreshToken').length).toBeGreaterThan(0)
    expect(Math.min(...ttls('Grant'))).toBeGreaterThan(Math.max(...ttls('RefreshToken')))
  })
})

describeOn('redis', 'a resource server with a token lifetime of its own', () => {
  test('has its tokens alive for that long, also when nobody refreshes: the grant is kept, then and after a refresh', async () => {
    const LIFETIME_SECONDS = 1_000_000
    const [REDIS_URL, DATABASE_URL] = [await createRedisDatabase(), await createDatabase({ demo: true })]
    const redis = new Redis(REDIS_URL)
    const client = new pg.Client({ connectionString: DATABASE_URL })
    await client.connect()
    const settings = JSON.stringify({
      scopes: ['archive:read'],
      format: 'jwt',
      accessTokenTtlSeconds: LIFETIME_SECONDS,
    })
    await client.query('insert into resource_servers (identifier, settings) values ($1, $2)', ['urn:archive', settings])
    await client.end()
    await withServer({ REDIS_URL, DATABASE_URL }, async (server) => {
      const client_id = await addClient(server, { refresh_token_ttl_seconds: 60 })
      const tokens = await signInBy(server, client_id, { resource: 'urn:archive', scope: 'archive:read' })
      expect(tokens.expires_in).toBe(LIFETIME_SECONDS)
      const grantTtl = async () => redis.ttl((await redis.keys('Grant:{*'))[0] as string)
      expect(await grantTtl()).toBeGreaterThan(LIFETIME_SECONDS)
      const refreshed = await read(refresh(server.url, tokens.refresh_token, { client_id }))
      expect(refreshed.body.expires_in).toBe(LIFETIME_SECONDS)
      expect(await grantTtl()).toBeGreaterThan(LIFETIME_SECONDS)
    })
    redis.disconnect()
  })
})

describeOn('postgres', 'at rest in the database', () => {
  test('no bearer value is in its rows, and all of them are gone when their time is over', async () => {
    const DATABASE_URL = await createDatabase({ demo: true })
    const bearers = await withServer({ DATABASE_URL }, runEveryFlow)
    const client = new pg.Client({ connectionString: DATABASE_URL })
    await client.connect()
    const rows = async () => (await client.query('select * from artifacts')).rows
    const tables = ['counters', 'token_records', 'token_endings']
    const others: unknown[][] = []
    for (const table of tables) others.push((await client.query(`select * from ${table}`)).rows)
    expect(others.map(({ length }) => length)).not.toContain(0)
    expectNoneOf(bearers, JSON.stringify([await rows(), others]))
    for (const table of ['artifacts', 'counters']) {
      await client.query(`update ${table} set expires_at = expires_at - ${LONGEST_LIFE_MS / 1000}`)
    }
    const database = await openDatabase({ DATABASE_URL, DATA_DIR: '' })
    await prune(database.knex, STORAGE_TABLES)
    await database.close()
    expect(await rows()).toEqual([])
    expect((await client.query('select * from counters')).rows).toEqual([])
    await client.end()
  })
})
