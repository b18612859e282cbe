import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import {
  introspect,
  obtainCode,
  ordersService,
  RON_ID,
  read,
  redeem,
  ron,
  thirdParty,
  tokensOf,
} from '../endpoints/client.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { describeOn } from '../support/describe-on.ts'
import { startTestServer, type TestServer, type TestSettings } from '../support/server.ts'
import { createRedisDatabase } from '../support/shared.ts'

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
const ANONYMOUS = 'urn:vestibule:grant:anonymous'
const OPAQUE = 'urn:vestibule:warehouse'
const COMMERCETOOLS = 'urn:vestibule:dialect:commercetools'

type Subject = { readonly of: string; readonly id?: string }
const EVERYBODY: Subject = { of: 'everybody' }
const RON: Subject = { of: 'customer', id: RON_ID }
const client = (id: string): Subject => ({ of: 'client', id })

type TokenKind = {
  readonly name: string
  readonly issue: (url: string) => Promise<string>
  /** What may sign it out. */
  readonly endedBy: readonly Subject[]
}

const asService = { grant_type: 'client_credentials', username: undefined, password: undefined }
const visitor = { ...asService, grant_type: ANONYMOUS, resource: COMMERCETOOLS }
const accessToken = async (tokens: Promise<{ access_token: string }>) => (await tokens).access_token

const TOKENS: readonly TokenKind[] = [
  {
    name: 'a sign-in by password',
    issue: (url) => accessToken(tokensOf(url, ron)),
    endedBy: [EVERYBODY, RON, client('frontend')],
  },
  {
    name: 'an opaque token of a sign-in',
    issue: (url) => accessToken(tokensOf(url, { ...ron, resource: OPAQUE })),
    endedBy: [EVERYBODY, RON, client('frontend')],
  },
  {
    name: 'a sign-in in a browser',
    async issue(url) {
      const { code, verifier } = await obtainCode(url, {}, { login: ron, jar: createCookieJar() })
      return (await read(redeem(url, code, verifier))).body.access_token
    },
    endedBy: [EVERYBODY, RON, client('frontend')],
  },
  {
    name: 'a token of a client itself',
    issue: (url) => accessToken(tokensOf(url, asService, ordersService)),
    endedBy: [EVERYBODY, client('orders-service')],
  },
  {
    name: 'an opaque token of a client itself',
    issue: (url) => accessToken(tokensOf(url, { ...asService, resource: OPAQUE }, ordersService)),
    endedBy: [EVERYBODY, client('orders-service')],
  },
  {
    name: 'a token of a visitor',
    issue: (url) => accessToken(tokensOf(url, visitor, thirdParty)),
    endedBy: [EVERYBODY, client('third-party-app')],
  },
  {
    name: 'a token of a visitor whose client proves nothing',
    issue: (url) => accessToken(tokensOf(url, visitor)),
    endedBy: [EVERYBODY, client('frontend')],
  },
  {
    name: 'a token that was traded',
    issue: async (url) => traded(url, 'urn:vestibule:commerce'),
    endedBy: [EVERYBODY, RON, client('frontend'), client('orders-service')],
  },
  {
    name: 'an opaque token that was traded',
    issue: async (url) => traded(url, OPAQUE),
    endedBy: [EVERYBODY, RON, client('frontend'), client('orders-service')],
  },
]

async function traded(url: string, resource: string): Promise<string> {
  const subject_token = await accessToken(tokensOf(url, ron))
  const fields = { grant_type: EXCHANGE, subject_token, subject_token_type: ACCESS_TOKEN, resource }
  return accessToken(tokensOf(url, { ...fields, username: undefined, password: undefined }, ordersService))
}

const CASES = TOKENS.flatMap(({ endedBy, ...token }) =>
  endedBy.map((subject) => ({ ...token, subject, of: subject.of })),
)

function suite(settings: () => Promise<TestSettings>): void {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer({ ADMIN_TOKEN: OWNER, DIALECTS: 'commercetools', ...(await settings()) })
  })
  afterAll(() => server?.stop())
  afterEach(() => void vi.useRealTimers())

  test.each(CASES)(
    '$name that follows a sign-out of $of in the same second works, and the one before it does not',
    async (row) => {
      // Each case a second later than the one before, so that no cut-off of another case falls into it.
      const second = (Math.floor(Date.now() / 1000) + CASES.indexOf(row) + 1) * 1000
      vi.useFakeTimers({ toFake: ['Date'] })
      vi.setSystemTime(second + 100)
      const before = await row.issue(server.url)
      const isActive = async (token: string) => (await introspect(server.url, token)).active
      expect(await isActive(before)).toBe(true)
      vi.setSystemTime(second + 200)
      expect((await ask(server, OWNER, 'POST', '/v1/sign-outs', row.subject)).status).toBe(200)
      vi.setSystemTime(second + 201)
      const after = await row.issue(server.url)
      expect(await isActive(after)).toBe(true)
      vi.setSystemTime(second + 999)
      expect([await isActive(before), await isActive(after)]).toEqual([false, true])
    },
  )
}

describe('in the embedded database', () => suite(async () => ({})))
describeOn('redis', 'in Redis', () => suite(async () => ({ REDIS_URL: await createRedisDatabase() })))
