import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ADMIN_TOKEN, askAdmin } from '../keys/server-nodes.ts'
import { describeOn } from '../support/describe-on.ts'
import { basicAuth } from '../support/http.ts'
import { startTestServer, type TestServer, type TestSettings } from '../support/server.ts'
import { createDatabase, createRedisDatabase } from '../support/shared.ts'
import { decode, read, refresh, tokensOf } from './client.ts'

/** The customer of the demo shop who acts for two companies, none of them the default. */
const buyer = { username: 'test@meetanshi.com', password: 'Meet@123' }
const COMPANY_USERS = ['7c1f0a2e-5b0d-4c43-9d7e-000000000001', '7c1f0a2e-5b0d-4c43-9d7e-000000000002'] as const
const [NORTH, SOUTH] = COMPANY_USERS
const SECRET = 'a-secret-of-the-client'
const TWINS = 6

/** The policies by which an old refresh token works on, so that plain refreshes and a switch are all answered. */
const POLICIES = ['keep', 'lazy'] as const

function suite(settings: () => Promise<TestSettings>): void {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer({ ADMIN_TOKEN, ...(await settings()) })
  })
  afterAll(() => server?.stop())

  async function signIn(refresh_policy: string) {
    const client_id = `client-${randomUUID()}`
    const metadata = { client_id, first_party: true, grant_types: ['password', 'refresh_token'], refresh_policy }
    const made = await askAdmin<object>(server, 'POST', '/v1/clients', { metadata, secret: SECRET })
    expect(made.status, JSON.stringify(made.body)).toBe(201)
    const client = basicAuth(client_id, SECRET)
    const { refresh_token, access_token } = await tokensOf(
      server.url,
      { ...buyer, scope: 'customer company', company_user_id: NORTH },
      client,
    )
    const { sub, gid } = decode(access_token).payload
    return {
      first: refresh_token,
      use: (token: string, fields = {}) => read(refresh(server.url, token, fields, client)),
      async grantCompany() {
        const path = `/v1/grants?customerId=${sub}&clientId=${client_id}`
        const { body } = await askAdmin<{ items: { id: string; companyUserId?: string }[] }>(server, 'GET', path)
        return body.items.find(({ id }) => id === gid)?.companyUserId
      },
    }
  }

  /** As which company user a refresh token acts now, without any wish. */
  const actsAs = async ({ use }: Awaited<ReturnType<typeof signIn>>, token: string) =>
    decode((await use(token)).body.access_token).payload.id_company_user

  test.each(POLICIES)('a switch wins over plain refreshes at the same time, by the policy %s', async (policy) => {
    const sign = await signIn(policy)
    let token = sign.first
    for (const company_user_id of [SOUTH, NORTH, SOUTH, NORTH]) {
      const plain = () => Array.from({ length: TWINS }, () => sign.use(token))
      const answers = await Promise.all([...plain(), sign.use(token, { company_user_id }), ...plain()])
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
      token = answers[TWINS]?.body.refresh_token
      expect([await actsAs(sign, token), await sign.grantCompany()]).toEqual([company_user_id, company_user_id])
    }
  })

  test('a switch that is answered wins over the first use of the next refresh token', async () => {
    const races = Array.from({ length: 8 }, async () => {
      const sign = await signIn('lazy')
      const { refresh_token: next } = (await sign.use(sign.first)).body
      const [switched] = await Promise.all([sign.use(sign.first, { company_user_id: SOUTH }), sign.use(next)])
      // One that comes after the next one was used is refused like any use of an old refresh token.
      return switched.status === 200 ? actsAs(sign, next) : SOUTH
    })
    expect(new Set(await Promise.all(races))).toEqual(new Set([SOUTH]))
  })

  test('of two switches at the same time the grant says the one that the refresh token says', async () => {
    const sign = await signIn('keep')
    for (let round = 0; round < 4; round++) {
      const twice = [...COMPANY_USERS, ...COMPANY_USERS]
      await Promise.all(twice.map((company_user_id) => sign.use(sign.first, { company_user_id })))
      expect(await sign.grantCompany()).toBe(await actsAs(sign, sign.first))
    }
  })
}

describe('in the embedded database', () => suite(async () => ({})))
describeOn('redis', 'in Redis', () => suite(async () => ({ REDIS_URL: await createRedisDatabase() })))
describeOn('postgres', 'in Postgres', () => suite(async () => ({ DATABASE_URL: await createDatabase({ demo: true }) })))
