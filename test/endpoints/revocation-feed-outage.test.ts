import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeOn } from '../support/describe-on.ts'
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { loadDemoInto } from '../support/templates.ts'
import { waitFor } from '../support/wait-for.ts'
import { newestCursor, readPage } from './feed-reader.ts'

describeOn('postgres', 'while the database is away', () => {
  let postgres: PostgresServer
  let server: TestServer
  beforeAll(async () => {
    postgres = await startPostgres()
    const DATABASE_URL = await postgres.createDatabase()
    await loadDemoInto(DATABASE_URL)
    server = await startTestServer({ DATABASE_URL, REVOCATION_FEED_TTL_SECONDS: '1' })
  })
  afterAll(async () => {
    await server?.stop()
    await postgres?.stop()
  })

  test('no page claims to know what ended: polls are answered 503, until it is back', async () => {
    const cursor = await newestCursor(server.url)
    const poll = () => fetch(`${server.url}/revocations?after=${cursor}`)
    expect((await poll()).status).toBe(200)
    await postgres.kill()
    const refused = await waitFor(
      async () => {
        const answer = await poll()
        return answer.status === 503 && answer
      },
      { what: 'the first refusal' },
    )
    expect(await refused.json()).toMatchObject({ error: 'temporarily_unavailable' })
    expect(refused.headers.get('retry-after')).toBe('1')
    expect((await fetch(`${server.url}/jwks`)).status).toBe(200)
    await postgres.restart()
    await waitFor(async () => (await poll()).status === 200, { what: 'the feed to be back' })
    expect((await readPage(server.url, `?after=${cursor}`)).from).toBe(cursor)
  })
})
