import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createPasswords } from '../../src/credentials/passwords.ts'
import { ADMIN_TOKEN, askAdmin } from '../keys/server-nodes.ts'
import { describeOn } from '../support/describe-on.ts'
import { basicAuth, postForm } from '../support/http.ts'
import { startTestServer, type TestServer, type TestSettings } from '../support/server.ts'
import { createDatabase, createRedisDatabase } from '../support/shared.ts'
import {
  decode,
  introspect,
  obtainCode,
  ordersService,
  read,
  redeem,
  refresh,
  requestTokens,
  SONIA_COMPANY_USER,
  type Tokens,
  tokensOf,
  userinfo,
} from './client.ts'

/** The customer of the demo shop who acts for two companies, none of them the default. */
const buyer = { username: 'test@meetanshi.com', password: 'Meet@123' }
const [NORTH, SOUTH] = ['7c1f0a2e-5b0d-4c43-9d7e-000000000001', '7c1f0a2e-5b0d-4c43-9d7e-000000000002'] as const
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const SCOPE = 'openid customer company'
const SECRET = 'a-secret-of-the-client'

type Fields = Readonly<Record<string, string>>

/** Who asks, with what they hold, for tokens of a company; the answer as it came. */
type Way = { readonly name: string; ask(server: TestServer, fields: Fields): Promise<Answer> }
type Answer = Awaited<ReturnType<typeof read>>

const WAYS: readonly Way[] = [
  {
    name: 'the password grant',
    ask: (server, fields) => read(requestTokens(server.url, { ...buyer, scope: SCOPE, ...fields })),
  },
  {
    name: 'a refresh',
    async ask({ url }, fields) {
      const { refresh_token } = await tokensOf(url, { ...buyer, scope: SCOPE })
      return read(refresh(url, refresh_token, fields))
    },
  },
  {
    name: 'a token exchange',
    async ask(server, fields) {
      const { access_token } = await tokensOf(server.url, { ...buyer, scope: SCOPE })
      return exchange(server, access_token, fields)
    },
  },
]

function exchange({ url }: TestServer, subject_token: string, fields: Fields): Promise<Answer> {
  const form = {
    grant_type: EXCHANGE,
    subject_token,
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    resource: 'urn:vestibule:commerce',
    ...fields,
  }
  return read(postForm(`${url}/token`, form, ordersService))
}

/** As which company user an answer says the customer acts, wherever it can be read. */
async function saidIn({ url }: TestServer, { access_token, id_token }: Tokens) {
  const { body: info } = await read(userinfo(url, access_token))
  return {
    accessToken: decode(access_token).payload.id_company_user,
    introspection: (await introspect(url, access_token)).id_company_user,
    ...(id_token && { idToken: decode(id_token).payload.id_company_user }),
    ...(id_token && { userinfo: info?.id_company_user }),
  }
}

function suite(settings: () => Promise<TestSettings>): void {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer({ ADMIN_TOKEN, ...(await settings()) })
  })
  afterAll(() => server?.stop())

  test.each(WAYS)(
    '$name chooses a company, and everything that is said of its tokens names that one',
    async ({ ask }) => {
      for (const id of [NORTH, SOUTH]) {
        const { status, body } = await ask(server, { company_user_id: id })
        expect([status, body.error_description]).toEqual([200, undefined])
        const said = Object.values(await saidIn(server, body))
        expect(said).toEqual(said.map(() => id))
      }
    },
  )

  test.each(WAYS)('$name without a choice acts for none, also with an empty one', async ({ ask }) => {
    for (const fields of [{}, { company_user_id: '' }] as Fields[]) {
      const { body } = await ask(server, fields)
      expect(decode(body.access_token).payload.id_company_user).toBe(null)
    }
  })

  test('a sign-in goes on for another company, and what it said before stays as it was said', async () => {
    const first = await tokensOf(server.url, { ...buyer, scope: SCOPE, company_user_id: NORTH })
    const { body: second } = await read(refresh(server.url, first.refresh_token, { company_user_id: SOUTH }))
    expect(await saidIn(server, second)).toMatchObject({ accessToken: SOUTH, idToken: SOUTH, introspection: SOUTH })
    expect(await introspect(server.url, first.access_token)).toMatchObject({ active: true, id_company_user: NORTH })
    const { body: third } = await read(refresh(server.url, second.refresh_token))
    expect((await saidIn(server, third)).accessToken).toBe(SOUTH)
    const { sub, gid } = decode(third.access_token).payload
    const { body } = await askAdmin<{ items: { id: string; companyUserId?: string }[] }>(
      server,
      'GET',
      `/v1/grants?customerId=${sub}`,
    )
    expect(body.items.find(({ id }) => id === gid)?.companyUserId).toBe(SOUTH)
  })

  test('of two that switch one sign-in at once one is answered, and the next refresh goes on as that one', async () => {
    const { refresh_token } = await tokensOf(server.url, { ...buyer, scope: SCOPE })
    const twins = await Promise.all(
      [NORTH, SOUTH].map((company_user_id) => read(refresh(server.url, refresh_token, { company_user_id }))),
    )
    const answered = twins.filter(({ status }) => status === 200)
    expect(answered).toHaveLength(1)
    const [winner] = answered
    const company = decode(winner?.body.access_token).payload.id_company_user
    const { body } = await read(refresh(server.url, winner?.body.refresh_token))
    expect(decode(body.access_token).payload.id_company_user).toBe(company)
  })
}

describe('the company of a token request, on the embedded storage', () => suite(async () => ({})))
describeOn('redis', 'the company of a token request, on Redis', () =>
  suite(async () => ({ REDIS_URL: await createRedisDatabase() })),
)
describeOn('postgres', 'the company of a token request, on Postgres', () =>
  suite(async () => ({ DATABASE_URL: await createDatabase({ demo: true }) })),
)

describe('a company that is not theirs', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer({ ADMIN_TOKEN })
  })
  afterAll(() => server?.stop())

  /** A customer who acts for a company, has left another, and belongs to one that is blocked. */
  async function customerOfThree() {
    const reference = randomUUID()
    const [active, left, blocked] = [randomUUID(), randomUUID(), randomUUID()] as const
    const of = (id: string, isActive = true, status = 'approved') => ({
      id,
      isActive,
      company: { id: randomUUID(), name: `Company ${id}`, status },
    })
    const record = {
      email: `${reference}@example.com`,
      customerReference: reference,
      emailVerified: true,
      password: await createPasswords().hash('change123'),
      companyUsers: [of(active), of(left, false), of(blocked, true, 'blocked')],
    }
    const answer = await fetch(`${server.adminUrl}/v1/customers/import`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
      body: JSON.stringify(record),
    })
    expect(await answer.text()).toContain('"refused":0')
    return { login: { username: record.email, password: 'change123' }, active, left, blocked }
  }

  test('is one that they left, and one that is blocked, although they belong to them', async () => {
    const { login, active, left, blocked } = await customerOfThree()
    const answers = await Promise.all(
      [left, blocked].map((company_user_id) => read(requestTokens(server.url, { ...login, company_user_id }))),
    )
    expect(answers.map(({ status, body }) => [status, body])).toEqual(answers.map(() => [400, REFUSAL]))
    const { status } = await read(requestTokens(server.url, { ...login, company_user_id: active }))
    expect(status).toBe(200)
  })

  test.each(WAYS)('is refused by $name in the same words, whatever it is', async ({ ask }) => {
    const others = [SONIA_COMPANY_USER, randomUUID(), 'x', 'x'.repeat(4000), '%00', NORTH.toUpperCase(), `${NORTH} `]
    const said = await Promise.all(others.map((company_user_id) => ask(server, { company_user_id })))
    const heard = said.map(({ status, body }) => [status, body])
    expect(heard).toEqual(heard.map(() => [400, REFUSAL]))
  })

  test('is refused to a wrong password as a wrong password, so that nobody else learns whose it is', async () => {
    const answers = await Promise.all(
      [NORTH, SONIA_COMPANY_USER, randomUUID()].map((company_user_id) =>
        read(requestTokens(server.url, { ...buyer, password: 'wrong', company_user_id })),
      ),
    )
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    expect(answers[0]?.body.error).toBe('invalid_grant')
  })

  test('leaves the refresh token as it was', async () => {
    const { refresh_token } = await tokensOf(server.url, { ...buyer, scope: SCOPE, company_user_id: NORTH })
    expect((await read(refresh(server.url, refresh_token, { company_user_id: SONIA_COMPANY_USER }))).status).toBe(400)
    const { status, body } = await read(refresh(server.url, refresh_token))
    expect([status, decode(body.access_token).payload.id_company_user]).toEqual([200, NORTH])
  })

  test('is what they were signed out of, until they sign in again', async () => {
    const { refresh_token, access_token } = await tokensOf(server.url, {
      ...buyer,
      scope: SCOPE,
      company_user_id: NORTH,
    })
    await askAdmin(server, 'POST', '/v1/sign-outs', { of: 'company-user', id: SOUTH })
    for (const answer of [
      await read(refresh(server.url, refresh_token, { company_user_id: SOUTH })),
      await exchange(server, access_token, { company_user_id: SOUTH }),
    ])
      expect([answer.status, answer.body]).toEqual([400, REFUSAL])
    expect((await read(refresh(server.url, refresh_token))).status).toBe(200)
    const again = await tokensOf(server.url, { ...buyer, scope: SCOPE, company_user_id: SOUTH })
    expect(decode(again.access_token).payload.id_company_user).toBe(SOUTH)
  })

  test('is any other than the one that a third-party client was allowed to act for', async () => {
    const client_id = `reviews-${randomUUID()}`
    const metadata = {
      client_id,
      redirect_uris: ['http://localhost:8080/callback'],
      grant_types: ['authorization_code', 'refresh_token'],
      resource_scopes: ['customer', 'company'],
    }
    const made = await askAdmin<object>(server, 'POST', '/v1/clients', { metadata, secret: SECRET })
    expect(made.status, JSON.stringify(made.body)).toBe(201)
    const client = basicAuth(client_id, SECRET)
    const fields = { client_id, scope: `${SCOPE} offline_access`, prompt: 'consent', company_user_id: NORTH }
    const { code, verifier, callback } = await obtainCode(server.url, fields, { login: buyer })
    expect(callback.searchParams.get('error')).toBe(null)
    const { body: tokens } = await read(redeem(server.url, code, verifier, {}, client))
    expect((await saidIn(server, tokens)).accessToken).toBe(NORTH)
    const other = await read(refresh(server.url, tokens.refresh_token, { company_user_id: SOUTH }, client))
    expect([other.status, other.body]).toEqual([400, REFUSAL])
    const traded = await exchange(server, tokens.access_token, { company_user_id: SOUTH })
    expect([traded.status, traded.body]).toEqual([400, REFUSAL])
    const same = await read(refresh(server.url, tokens.refresh_token, { company_user_id: NORTH }, client))
    expect((await saidIn(server, same.body)).accessToken).toBe(NORTH)
  })
})

const REFUSAL = {
  error: 'access_denied',
  error_description: 'company_user_id is not an active company user of the person who is signed in',
}
