import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, OWNER, PASSWORD } from '../admin/administrators.ts'
import { runCli } from '../cli/run-cli.ts'
import { decode, introspect, read, refresh, SONIA_COMPANY_USER, type Tokens, tokensOf } from '../endpoints/client.ts'
import { describeOn } from '../support/describe-on.ts'
import { startTestServer, type TestServer, type TestSettings } from '../support/server.ts'
import { createDatabase, createRedisDatabase } from '../support/shared.ts'

const LONG_AGO = '2020-01-01T00:00:00Z'
const AGENT = 'agent@example.com'

type Subject = {
  readonly of: string
  readonly idOf?: (tokens: Tokens) => string
  readonly login?: Record<string, string>
}

const SUBJECTS: readonly Subject[] = [
  { of: 'customer', idOf: ({ access_token }) => String(decode(access_token).payload.sub) },
  {
    of: 'agent',
    idOf: ({ access_token }) => String(decode(access_token).payload.sub).replace('agent:', ''),
    login: { grant_type: 'urn:vestibule:grant:agent', username: AGENT, password: 'change123' },
  },
  { of: 'company-user', idOf: () => SONIA_COMPANY_USER },
  { of: 'client', idOf: () => 'frontend' },
  { of: 'everybody' },
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
      server = await startTestServer({ ADMIN_TOKEN: OWNER, ...(await settings()) })
    })
    afterAll(() => server?.stop())
    const signOut = (body: object) => ask(server, OWNER, 'POST', '/v1/sign-outs', body)
    const isActive = async ({ access_token }: Tokens) => (await introspect(server.url, access_token)).active

    test.each(SUBJECTS)(
      'an earlier sign-out of $of revives nothing that a later one ended',
      async ({ of, idOf, login }) => {
        const tokens = await tokensOf(server.url, login)
        const who = { of, ...(idOf && { id: idOf(tokens) }) }
        expect(await isActive(tokens)).toBe(true)
        expect((await signOut(who)).status).toBe(200)
        expect(await isActive(tokens)).toBe(false)
        expect((await signOut({ ...who, before: LONG_AGO })).status).toBe(200)
        expect(await isActive(tokens)).toBe(false)
        if (tokens.refresh_token) {
          expect((await read(refresh(server.url, tokens.refresh_token))).body.error).toBe('invalid_grant')
        }
        expect(await isActive(await tokensOf(server.url, login)), 'a new sign-in works').toBe(true)
      },
    )

    test.each(SUBJECTS)(
      'a sign-out of $of before an instant in the future is refused and ends nothing',
      async (subject) => {
        const { of, idOf, login } = subject
        const tokens = await tokensOf(server.url, login)
        const who = { of, ...(idOf && { id: idOf(tokens) }) }
        const before = new Date(Date.now() + 3_600_000).toISOString()
        const { status, body } = await signOut({ ...who, before })
        expect([status, body.code, body.detail]).toEqual([400, 'instant-in-future', expect.stringContaining('is now')])
        expect(await isActive(tokens)).toBe(true)
      },
    )
  }
  if (needs) describeOn(needs, `cut-offs in ${name}`, suite)
  else describe(`cut-offs in ${name}`, suite)
}

describe('instants and lifetimes', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer({ ADMIN_TOKEN: OWNER })
  })
  afterAll(() => server?.stop())
  const signOut = (body: object) => ask(server, OWNER, 'POST', '/v1/sign-outs', body)

  test('an instant ahead by no more than clocks differ is now: later sign-ins work', async () => {
    const before = new Date(Date.now() + 20_000).toISOString()
    const { body } = await signOut({ of: 'client', id: 'frontend', before })
    expect(Date.parse(String(body.before))).toBeLessThanOrEqual(Date.now())
    const { access_token } = await tokensOf(server.url)
    expect(await introspect(server.url, access_token)).toMatchObject({ active: true })
  })

  test('the command line tells of an instant in the future what to do', async () => {
    const access = { ADMIN_URL: server.adminUrl, ADMIN_TOKEN: OWNER }
    const { code, stderr } = await runCli(
      ['grants', 'sign-out', 'everybody', '--before', '2999-01-01T00:00:00Z'],
      access,
    )
    expect([code, stderr]).toEqual([1, expect.stringMatching(/is in the future.*Leave it out/s)])
  })

  test.each([
    ['access_token_ttl_seconds', 31_536_001],
    ['refresh_token_ttl_seconds', 31_536_001],
  ])('a client whose %s is longer than a year is refused', async (member, seconds) => {
    const plain = { client_id: `c-${randomUUID()}`, grant_types: ['client_credentials'], resource_scopes: [] }
    const metadata = { ...plain, [member]: seconds }
    const { status, body } = await ask(server, OWNER, 'POST', '/v1/clients', { metadata, secret: PASSWORD })
    expect([status, body.code]).toEqual([400, 'invalid-body'])
  })
})
