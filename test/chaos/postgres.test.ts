import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { introspect, read, refresh, requestTokens, revoke, tokensOf } from '../endpoints/client.ts'
import { describeOn } from '../support/describe-on.ts'
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { createRedisDatabase } from '../support/shared.ts'
import { loadDemoInto } from '../support/templates.ts'
import { expectReturn, expectUnavailable, printFailureTable } from './under-failure.ts'

const UNAVAILABLE = '503, Retry-After 1'

describeOn('postgres', 'Postgres fails', () => {
  let postgres: PostgresServer
  let databaseUrl: string
  let server: TestServer
  beforeAll(async () => {
    postgres = await startPostgres()
    databaseUrl = await postgres.createDatabase()
    await loadDemoInto(databaseUrl)
    server = await startTestServer({ DATABASE_URL: databaseUrl })
  })
  afterAll(async () => {
    await server?.stop()
    await postgres?.stop()
  })
  printFailureTable()

  test('it is killed and starts again: what was acknowledged is there, revoked or alive', async () => {
    const [held, revoked] = [await tokensOf(server.url), await tokensOf(server.url)]
    await revoke(server.url, revoked.refresh_token)
    await postgres.kill()
    const slowestMs = await expectUnavailable(server.url, held)
    await postgres.restart()
    await expectReturn(server.url, 'Postgres killed, restarted (crash recovery)', UNAVAILABLE, slowestMs)
    expect((await introspect(server.url, held.access_token)).active).toBe(true)
    expect((await refresh(server.url, held.refresh_token)).status).toBe(200)
    expect(await introspect(server.url, revoked.access_token)).toEqual({ active: false })
    expect((await read(refresh(server.url, revoked.refresh_token))).body.error).toBe('invalid_grant')
  })

  test('it is restarted in order', async () => {
    const held = await tokensOf(server.url)
    await postgres.restart()
    await expectReturn(server.url, 'Postgres restarted in order', 'requests in flight 503')
    expect((await refresh(server.url, held.refresh_token)).status).toBe(200)
  })

  test('it hangs', async () => {
    const held = await tokensOf(server.url)
    postgres.pause()
    const slowestMs = await expectUnavailable(server.url, held)
    postgres.resume()
    await expectReturn(server.url, 'Postgres hangs', UNAVAILABLE, slowestMs)
  })

  test('it only reads, as a standby before it is promoted', async () => {
    const held = await tokensOf(server.url)
    await setReadOnly('on')
    const { status, headers } = await read(refresh(server.url, held.refresh_token))
    expect([status, headers.get('retry-after')]).toEqual([503, '1'])
    expect((await introspect(server.url, held.access_token)).active).toBe(true)
    await setReadOnly('off')
    await expectReturn(
      server.url,
      'Postgres read-only (failover, before promotion)',
      'writes 503, introspection goes on',
    )
    expect((await refresh(server.url, held.refresh_token)).status).toBe(200)
  })

  test('it is killed while sessions are in Redis', async () => {
    const REDIS_URL = await createRedisDatabase()
    const beside = await startTestServer({ DATABASE_URL: databaseUrl, REDIS_URL })
    try {
      const held = await tokensOf(beside.url)
      await postgres.kill()
      const { status, headers } = await read(requestTokens(beside.url))
      expect([status, headers.get('retry-after')]).toEqual([503, '1'])
      await postgres.restart()
      await expectReturn(beside.url, 'Postgres killed, sessions in Redis', UNAVAILABLE)
      expect((await refresh(beside.url, held.refresh_token)).status).toBe(200)
    } finally {
      await beside.stop()
    }
  })

  async function setReadOnly(value: 'on' | 'off'): Promise<void> {
    const client = new pg.Client({ connectionString: postgres.url })
    await client.connect()
    await client.query('set default_transaction_read_only = off')
    await client.query(`alter system set default_transaction_read_only = ${value}`)
    await client.query('select pg_reload_conf()')
    await client.end()
  }
})
