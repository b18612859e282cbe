import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { decode, obtainCode, ordersService, redeem, revoke, type Tokens, tokensOf } from '../../endpoints/client.ts'
import { ADMIN_TOKEN, askAdmin } from '../../keys/server-nodes.ts'
import { describeOn } from '../../support/describe-on.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'
import { waitFor } from '../../support/wait-for.ts'
import { createForger, type Forger } from './forged-tokens.ts'
import { type RunningStack, startStack } from './running-stack.ts'
import { COOLDOWN_SECONDS, STACKS } from './stacks.ts'

const AUDIENCE = 'urn:vestibule:commerce'
const AGENT = { grant_type: 'urn:vestibule:grant:agent', username: 'agent@example.com', password: 'change123' }
const CARTS = { id_quote_collection: [53, 52, 51, 50, 49, 28, 27, 25, 24, 23, 22, 21] }

/** The stacks that run here, each with the files of its page in a process of its own, for one server. */
const running = new Map<string, RunningStack>()
let server: TestServer
let isAway = false
let forge: Forger
let tokens: Record<'customer' | 'reader' | 'agent' | 'service' | 'idToken' | 'otherAudience', string>

beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN, JWKS_CACHE_SECONDS: '2', REVOCATION_FEED_TTL_SECONDS: '2' })
  tokens = await tokensOfEachKind(server)
  forge = createForger(server, tokens.customer)
  const here = STACKS.filter(({ backend }) => !backend || !inject('missing')[backend])
  const settings = { ISSUER: server.url, AUDIENCE, CLIENT_ID: 'orders-service', CLIENT_SECRET: 'orders-service-secret' }
  await Promise.all(here.map(async (stack) => running.set(stack.name, await startStack(stack, settings))))
})
afterAll(async () => {
  await Promise.all([...running.values()].map((stack) => stack.stop()))
  if (!isAway) await server?.stop()
})

type Answer = { readonly status: number; readonly challenge: string | null; readonly body: Record<string, unknown> }

async function send(stack: string, method: 'GET' | 'POST', authorization?: string): Promise<Answer> {
  const headers = authorization === undefined ? {} : { authorization }
  const response = await fetch(`${running.get(stack)?.url}/orders`, { method, headers })
  const text = await response.text()
  const body = response.ok ? JSON.parse(text) : {}
  return { status: response.status, challenge: response.headers.get('www-authenticate'), body }
}

const list = (stack: string, token: string) => send(stack, 'GET', `Bearer ${token}`)
const place = (stack: string, token: string) => send(stack, 'POST', `Bearer ${token}`)
/** Some say the issuer and the scopes of the route as well. */
const INVALID_TOKEN = { status: 401, challenge: expect.stringMatching(/^Bearer error="invalid_token"(, |$)/) }

/** Every token that must be refused as such: each is wrong in one thing alone. */
const BAD_TOKENS: Readonly<Record<string, () => string | Promise<string>>> = {
  'a token for another audience': () => tokens.otherAudience,
  'a token whose aud is a list without ours': () => forge.signed({ aud: ['urn:other', `${AUDIENCE}:more`] }),
  'a token without an audience': () => forge.signed({ aud: undefined }),
  'an expired token': () => forge.signed({ exp: forge.now - 60 }),
  'a token that never expires': () => forge.signed({ exp: undefined }),
  'a token of another issuer': () => forge.signed({ iss: 'https://login.example' }),
  'a token of an issuer that begins like ours': () => forge.signed({ iss: `${server.url}/` }),
  'an ID token': () => tokens.idToken,
  'an ID token for our audience': () => forge.signed({}, { typ: 'JWT' }),
  'a token without a type': () => forge.signed({}, { typ: undefined }),
  'a token without a client': () => forge.signed({ client_id: undefined }),
  'a token of another algorithm of the server': () => forge.signed({}, {}, 'RS256'),
  'alg none': () => forge.unsigned(),
  'HS256 with the public key as the secret': () => forge.byPublicKey(),
  'the signature of another key': () => forge.byForeignKey(),
  'a key that is not published': () => forge.byForeignKey('unknown'),
  'changed claims': () => forge.changed(),
  'a token that is bound to a key': () => forge.signed({ cnf: { jkt: 'some-thumbprint' } }),
  'an opaque token': async () => (await tokensOf(server.url, { resource: 'urn:vestibule:warehouse' })).access_token,
  'no token at all': () => 'a.b.c',
  'a header that is null': () => 'bnVsbA.bnVsbA.AAAA',
  'a header of other types': () => forge.raw({ alg: 'ES256', typ: { at: 1 }, kid: ['x'] }, { scope: 5, aud: 7 }),
  'a header that asks for more than is understood': () => forge.raw({ alg: 'ES256', typ: 'at+jwt', crit: ['x'] }, {}),
}

for (const { name, backend, followsFeed } of STACKS) {
  const suite = () => {
    test('a good token passes, and its claims say who it is', async () => {
      const { payload } = decode(tokens.customer)
      expect(await list(name, tokens.customer)).toEqual({
        status: 200,
        challenge: null,
        body: expect.objectContaining({
          sub: payload.sub,
          customer_reference: 'DE--21',
          id_company_user: payload.id_company_user,
          permissions: payload.permissions,
        }),
      })
    })

    test('a token of a list of audiences with ours passes', async () => {
      expect(await list(name, await forge.signed({ aud: ['urn:other', AUDIENCE] }))).toMatchObject({ status: 200 })
    })

    test('the agent who acts for a customer is seen beside the customer', async () => {
      const { sub, act } = decode(tokens.agent).payload as { sub: string; act: { sub: string } }
      expect(act.sub).toMatch(/^agent:/)
      expect((await list(name, tokens.agent)).body).toMatchObject({ sub, actor: act.sub, customer_reference: 'DE--21' })
    })

    test('a service that calls for itself passes, without a customer', async () => {
      const { status, body } = await list(name, tokens.service)
      expect([status, body.sub, body.permissions]).toEqual([200, 'orders-service', []])
      expect(body.customer_reference ?? body.id_company_user ?? body.actor ?? undefined).toBeUndefined()
    })

    test.each(Object.keys(BAD_TOKENS))('%s is refused', async (kind) => {
      const token = (await BAD_TOKENS[kind]?.()) ?? ''
      expect(await list(name, token)).toMatchObject(INVALID_TOKEN)
    })

    test.each([undefined, 'Bearer', 'Basic YTpi', 'DPoP a.b.c', 'Bearer a b'])(
      'Authorization %j is asked for a token, and told no error',
      async (authorization) => {
        expect(await send(name, 'GET', authorization)).toMatchObject({
          status: 401,
          challenge: expect.stringMatching(/^Bearer( (?!.*error).*)?$/),
        })
      },
    )

    test('a good token without the scope is refused, and told which scope', async () => {
      const challenge = expect.stringMatching(/^Bearer error="insufficient_scope", scope="orders:write"(, |$)/)
      expect(await place(name, tokens.reader)).toMatchObject({ status: 403, challenge })
      expect(await list(name, await forge.signed({ scope: 'orders:readx orders' }))).toMatchObject({ status: 403 })
      expect(await list(name, await forge.signed({ scope: undefined }))).toMatchObject({ status: 403 })
    })

    test('introspection tells permissions with their configurations, and sees a revocation at once', async () => {
      const { access_token: token } = await tokensOf(server.url, { scope: 'orders:read orders:write' })
      const first = await place(name, token)
      expect(first.status).toBe(201)
      expect(first.body.permissions).toContainEqual({ key: 'ReadSharedCartPermissionPlugin', configuration: CARTS })
      await revoke(server.url, token)
      expect(await place(name, token)).toMatchObject(INVALID_TOKEN)
      if (followsFeed)
        await waitFor(async () => (await list(name, token)).status === 401, { what: 'the feed to be read' })
      else expect(await list(name, token), 'the signature alone still is good').toMatchObject({ status: 200 })
    })

    test('made-up keys do not make it ask for the key set each time', async () => {
      const before = await keySetRequests()
      const startedAt = Date.now()
      const flood = Array.from({ length: 40 }, (_, index) => forge.byForeignKey(`made-up-${index}`))
      for (const token of await Promise.all(flood)) expect(await list(name, token)).toMatchObject(INVALID_TOKEN)
      const windows = 1 + (Date.now() - startedAt) / 1000 / COOLDOWN_SECONDS
      expect((await keySetRequests()) - before).toBeLessThanOrEqual(Math.ceil(windows))
    })
  }
  if (backend) describeOn(backend, name, suite)
  else describe(name, suite)
}

test('keys rotate twice: every service accepts tokens of the keys that it did not know', async () => {
  const known = await publishedKids()
  const seen = new Set<unknown>()
  for (let rotation = 1; rotation <= 2; rotation++) {
    const rotate = () => askAdmin(server, 'POST', '/v1/keys/rotate', { algorithm: 'ES256' })
    await waitFor(async () => (await rotate()).status === 200, { what: 'the next key to be old enough' })
    const { access_token: token } = await tokensOf(server.url, { scope: 'orders:read' })
    seen.add(decode(token).header.kid)
    for (const name of running.keys()) {
      await waitFor(async () => (await list(name, token)).status === 200, { what: `${name} to know the new key` })
      expect(await list(name, tokens.customer), 'a token of the key before').toMatchObject({ status: 200 })
    }
  }
  expect([...seen].filter((kid) => !known.includes(kid))).toHaveLength(1)
})

test('while the server is away, tokens are checked with the keys at hand, and what needs its word is answered 503', async () => {
  const { access_token: token } = await tokensOf(server.url, { scope: 'orders:read orders:write' })
  for (const name of running.keys())
    await waitFor(async () => (await list(name, token)).status === 200, { what: `${name} to know the key` })
  isAway = true
  await server.stop()
  for (const name of running.keys()) {
    expect([name, (await list(name, token)).status]).toEqual([name, 200])
    expect([name, await place(name, token)]).toMatchObject([name, { status: 503, challenge: null }])
  }
})

test('nothing of the above broke a service', () => {
  const broken = [...running].filter(([, stack]) => /warning|traceback|exception|panic|deprecated/i.test(stack.log()))
  expect(broken.map(([name, stack]) => `${name}: ${stack.log()}`)).toEqual([])
})

async function keySetRequests(): Promise<number> {
  const text = await (await fetch(`${server.adminUrl}/metrics`)).text()
  const counts = [...text.matchAll(/_seconds_count\{route="jwks",[^}]*\} (\d+)/g)].map(([, count]) => Number(count))
  return counts.reduce((sum, count) => sum + count, 0)
}

async function publishedKids(): Promise<unknown[]> {
  const { keys } = (await (await fetch(`${server.url}/jwks`)).json()) as { keys: { kid: string }[] }
  return keys.map(({ kid }) => kid)
}

async function tokensOfEachKind({ url, adminUrl }: TestServer): Promise<typeof tokens> {
  const other = { identifier: 'urn:example:other', scopes: ['orders:read'], format: 'jwt', algorithm: 'ES256' }
  expect((await askAdmin({ adminUrl }, 'POST', '/v1/resource-servers', other)).status).toBe(201)
  const agent = await tokensOf(url, { ...AGENT, scope: 'agent orders:read' })
  const { code, verifier } = await obtainCode(url, { scope: 'openid' })
  const idToken = ((await (await redeem(url, code, verifier)).json()) as Tokens).id_token
  const service = { grant_type: 'client_credentials', resource: AUDIENCE, scope: 'orders:read' }
  const impersonation = {
    grant_type: 'urn:vestibule:grant:impersonation',
    subject_token: agent.access_token,
    customer_reference: 'DE--21',
    scope: 'customer company orders:read',
  }
  return {
    customer: (await tokensOf(url, { scope: 'customer company orders:read orders:write' })).access_token,
    reader: (await tokensOf(url, { scope: 'orders:read' })).access_token,
    agent: (await tokensOf(url, impersonation)).access_token,
    service: (await tokensOf(url, service, ordersService)).access_token,
    otherAudience: (await tokensOf(url, { resource: other.identifier, scope: 'orders:read' })).access_token,
    idToken,
  }
}
