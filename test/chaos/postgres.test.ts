import pg from 'pg'
import { afterAll, beforeAll, expect } from 'vitest'
import { runCli } from '../cli/run-cli.ts'
import { introspect, read, refresh, requestTokens, revoke, tokensOf } from '../endpoints/client.ts'
import { describeOn } from '../support/describe-on.ts'
import { freePort } from '../support/free-port.ts'
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { createRedisDatabase } from '../support/shared.ts'
import { loadDemoInto } from '../support/templates.ts'
import { waitFor } from '../support/wait-for.ts'
import { openEndpoints } from './endpoints.ts'
import { expectOthersGoOn, expectRefused, expectReturn, expectUnavailable, testFailure } from './under-failure.ts'

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

  testFailure('Postgres killed, restarted', 'what was acknowledged is there, revoked or alive', async (measuring) => {
    const [held, revoked] = [await tokensOf(server.url), await tokensOf(server.url)]
    await revoke(server.url, revoked.refresh_token)
    const endpoints = await openEndpoints(server.url, held)
    await postgres.kill()
    await expectUnavailable(server.url, endpoints, measuring)
    await postgres.restart()
    await expectReturn(server.url, measuring)
    expect((await introspect(server.url, held.access_token)).active).toBe(true)
    expect((await refresh(server.url, held.refresh_token)).status).toBe(200)
    expect(await introspect(server.url, revoked.access_token)).toEqual({ active: false })
    expect((await read(refresh(server.url, revoked.refresh_token))).body.error).toBe('invalid_grant')
  })

  testFailure('Postgres restarted in order', 'nothing is lost', async (measuring) => {
    const held = await tokensOf(server.url)
    await postgres.restart()
    await expectReturn(server.url, measuring)
    expect((await refresh(server.url, held.refresh_token)).status).toBe(200)
  })

  testFailure('Postgres hangs', 'no endpoint waits for it', async (measuring) => {
    const held = await tokensOf(server.url)
    const endpoints = await openEndpoints(server.url, held)
    postgres.pause()
    await expectUnavailable(server.url, endpoints, measuring)
    postgres.resume()
    await expectReturn(server.url, measuring)
    expect((await introspect(server.url, held.access_token)).active).toBe(true)
  })

  testFailure(
    'Postgres read-only, before promotion',
    'writes are refused, introspection goes on',
    async (measuring) => {
      const held = await tokensOf(server.url)
      const endpoints = (await openEndpoints(server.url, held)).filter(({ kind }) => kind !== 'reads')
      await setReadOnly('on')
      const isReadOnly = async () => (await requestTokens(server.url)).status === 503
      await waitFor(isReadOnly, { what: 'every connection to have the new setting' })
      await expectRefused(endpoints, measuring)
      await expectOthersGoOn(server.url)
      expect((await introspect(server.url, held.access_token)).active).toBe(true)
      await setReadOnly('off')
      await expectReturn(server.url, measuring)
      expect((await refresh(server.url, held.refresh_token)).status).toBe(200)
    },
  )

  testFailure(
    'Postgres killed, sessions in Redis',
    'nothing is lost, and nobody is guessed to be who they say',
    async (measuring) => {
      const REDIS_URL = await createRedisDatabase()
      const beside = await startTestServer({ DATABASE_URL: databaseUrl, REDIS_URL })
      try {
        const held = await tokensOf(beside.url)
        const endpoints = (await openEndpoints(beside.url, held)).filter(({ kind }) => kind === 'checks a password')
        await postgres.kill()
        await expectUnavailable(beside.url, endpoints, measuring)
        await postgres.restart()
        await expectReturn(beside.url, measuring)
        expect((await refresh(beside.url, held.refresh_token)).status).toBe(200)
      } finally {
        await beside.stop()
      }
    },
  )

  testFailure(
    'Postgres restored from an old backup',
    'after one command nothing revoked is alive',
    async (measuring) => {
      const settings = { PORT: String(await freePort()), KEYS_URL: `file:${temporaryDirectory('keys')}` }
      const live = await postgres.createDatabase(await demoDatabase())
      const before = await startTestServer({ ...settings, DATABASE_URL: live })
      const [held, revoked] = [await tokensOf(before.url), await tokensOf(before.url)]
      await before.stop()
      const backup = await postgres.createDatabase(live)
      const after = await startTestServer({ ...settings, DATABASE_URL: live })
      await revoke(after.url, revoked.refresh_token)
      await after.stop()

      const { stdout } = await runCli(['restored', '--keep-keys'], {
        DATABASE_URL: backup,
        KEYS_URL: settings.KEYS_URL,
      })
      expect(stdout).toContain('signed out')
      const restored = await startTestServer({ ...settings, DATABASE_URL: backup })
      try {
        await expectReturn(restored.url, measuring)
        for (const { access_token, refresh_token } of [held, revoked]) {
          expect(await introspect(restored.url, access_token)).toEqual({ active: false })
          expect((await read(refresh(restored.url, refresh_token))).body.error).toBe('invalid_grant')
        }
      } finally {
        await restored.stop()
      }
    },
  )

  /** Nobody is connected to it. */
  async function demoDatabase(): Promise<string> {
    const url = await postgres.createDatabase()
    await loadDemoInto(url)
    return url
  }

  async function setReadOnly(value: 'on' | 'off'): Promise<void> {
    const client = new pg.Client({ connectionString: postgres.url })
    await client.connect()
    await client.query('set default_transaction_read_only = off')
    await client.query(`alter system set default_transaction_read_only = ${value}`)
    await client.query('select pg_reload_conf()')
    await client.end()
  }
})
