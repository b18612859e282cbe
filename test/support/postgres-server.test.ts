import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeOn } from './describe-on.ts'
import { type PostgresServer, startPostgres } from './postgres-server.ts'
import { createDatabase } from './shared.ts'
import { waitFor } from './wait-for.ts'

async function query(connectionString: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 500, query_timeout: 500 })
  client.on('error', () => {})
  try {
    await client.connect()
    return (await client.query(sql)).rows
  } finally {
    void client.end()
  }
}

describeOn('postgres', 'the Postgres of a run', () => {
  test('two databases on it do not see each other', async () => {
    const [first, second] = await Promise.all([createDatabase(), createDatabase()])
    await query(first, 'create table only_here (id int)')
    await expect(query(second, 'select * from only_here')).rejects.toThrow('does not exist')
  })

  test('a demo database has the demo customers', async () => {
    const url = await createDatabase({ demo: true })
    expect(await query(url, "select id_customer from customers where email = 'sonia@spryker.com'")).toEqual([
      { id_customer: 21 },
    ])
  })
})

describeOn('postgres', 'a private Postgres', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await startPostgres({ max_connections: '20' })
  })
  afterAll(() => server?.stop())

  test('its settings are the ones asked for', async () => {
    expect(await query(server.url, 'show max_connections')).toEqual([{ max_connections: '20' }])
  })

  test('what was committed survives kill -9 and a restart on the same port', async () => {
    await query(server.url, 'create table kept as select 42 as answer')
    await server.kill()
    await expect(query(server.url, 'select 1')).rejects.toThrow('ECONNREFUSED')
    await server.restart()
    expect(await query(server.url, 'select answer from kept')).toEqual([{ answer: 42 }])
  })

  test('a paused server answers nobody, and goes on where it was when resumed', async () => {
    const client = new pg.Client({ connectionString: server.url })
    await client.connect()
    server.pause()
    const late = client.query('select 1 as one')
    await expect(query(server.url, 'select 1')).rejects.toThrow(/timeout/)
    server.resume()
    expect((await late).rows).toEqual([{ one: 1 }])
    await client.end()
  })

  test('a stopped server leaves no process behind', async () => {
    const { pid } = server
    await server.stop()
    await waitFor(() => !isThere(pid), { what: 'the process to be gone' })
  })
})

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
