import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { decode, introspect, ordersService, read, refresh, type Tokens, tokensOf } from '../endpoints/client.ts'
import { isSignedIn, type TestCustomer, type Visitor } from '../interaction/hosted-shop.ts'
import { postJson } from '../support/http.ts'
import type { LocalProvider } from '../support/local-provider.ts'
import { comeBy, type ShopWithUpstreams, startShopWithUpstreams } from '../upstreams/shop-with-upstreams.ts'
import { addClient, type SignalClient } from './signal-clients.ts'

let shop: ShopWithUpstreams
let acme: LocalProvider
let partner: SignalClient
let bearer: string
beforeAll(async () => {
  shop = await startShopWithUpstreams()
  acme = await shop.addProvider('acme')
  await shop.addProvider('other')
  partner = await addClient(shop.server, ['global_token_revocation'])
  bearer = await partner.token()
})
afterAll(() => shop?.stop())

const at = () => `${shop.server.url}/global-token-revocation`
const send = (body: unknown, token: string | undefined = bearer) =>
  read(postJson(at(), body, token === undefined ? {} : { authorization: `Bearer ${token}` }))
const now = () => Math.floor(Date.now() / 1000)

type SignedIn = { readonly customer: TestCustomer; readonly tokens: Tokens; readonly visitor: Visitor }

async function signedIn(): Promise<SignedIn> {
  const customer = await shop.addCustomer()
  const tokens = await tokensOf(shop.server.url, { username: customer.email, password: customer.password })
  const visitor = shop.visitor()
  await visitor.signIn(customer)
  expect(isSignedIn(await visitor.openLogin())).toBe(true)
  return { customer, tokens, visitor }
}

async function stateOf({ tokens, visitor }: SignedIn) {
  const refreshed = await read(refresh(shop.server.url, tokens.refresh_token))
  return {
    refresh: refreshed.status === 200 ? 'works' : refreshed.body.error,
    active: (await introspect(shop.server.url, tokens.access_token)).active,
    isSignedIn: isSignedIn(await visitor.openLogin()),
  }
}
const ENDED = { refresh: 'invalid_grant', active: false, isSignedIn: false }
const ALIVE = { refresh: 'works', active: true, isSignedIn: true }

const WAYS: Readonly<Record<string, (customer: TestCustomer) => object>> = {
  'iss_sub of this server': ({ id }) => ({ format: 'iss_sub', iss: shop.server.url, sub: id }),
  email: ({ email }) => ({ format: 'email', email }),
  'email in other letters': ({ email }) => ({ format: 'email', email: email.toUpperCase() }),
  'opaque, the sub': ({ id }) => ({ format: 'opaque', id }),
  'account of RFC 7565': ({ email }) => ({ format: 'account', uri: `acct:${email}` }),
  'uri, a mailto': ({ email }) => ({ format: 'uri', uri: `mailto:${email}` }),
  aliases: ({ id, email }) => ({
    format: 'aliases',
    identifiers: [
      { format: 'email', email },
      { format: 'opaque', id },
      { format: 'phone_number', phone_number: '+4930123456' },
    ],
  }),
}

describe.each(['sub_id', 'subject'])('the member %s', (member) => {
  test.each(Object.keys(WAYS))('ends everything of a person who is named by %s, and of no other', async (way) => {
    const [person, other] = [await signedIn(), await signedIn()]
    const answer = await send({ [member]: WAYS[way]?.(person.customer) })
    expect([answer.status, answer.text]).toEqual([204, ''])
    expect(await stateOf(person)).toEqual(ENDED)
    expect(await stateOf(other)).toEqual(ALIVE)
  })
})

test('a person can sign in anew at once', async () => {
  const person = await signedIn()
  await send({ sub_id: { format: 'opaque', id: person.customer.id } })
  const { email: username, password } = person.customer
  expect(
    (await introspect(shop.server.url, (await tokensOf(shop.server.url, { username, password })).access_token)).active,
  ).toBe(true)
})

test('an agent is ended by their address and by their sub', async () => {
  const agent = { grant_type: 'urn:vestibule:grant:agent', username: 'agent@example.com', password: 'change123' }
  for (const name of ['email', 'sub'] as const) {
    const { access_token: token } = await tokensOf(shop.server.url, { ...agent, scope: 'openid' })
    const { sub } = decode(token).payload
    const sub_id =
      name === 'email'
        ? { format: 'email', email: agent.username }
        : { format: 'iss_sub', iss: shop.server.url, sub: String(sub) }
    expect((await introspect(shop.server.url, token)).active).toBe(true)
    expect((await send({ sub_id })).status).toBe(204)
    expect((await introspect(shop.server.url, token)).active).toBe(false)
  }
})

test('a customer is ended by the iss and sub of the sign-in provider that they came by', async () => {
  acme.person = { sub: 'linked', email: 'linked@people.example', email_verified: true }
  const visitor = shop.visitor()
  expect(isSignedIn(await comeBy(visitor, 'acme'))).toBe(true)
  expect((await send({ sub_id: { format: 'iss_sub', iss: acme.issuer, sub: 'another' } })).status).toBe(204)
  expect(isSignedIn(await visitor.openLogin())).toBe(true)
  expect((await send({ sub_id: { format: 'iss_sub', iss: acme.issuer, sub: 'linked' } })).status).toBe(204)
  expect(isSignedIn(await visitor.openLogin())).toBe(false)
})

describe('a caller', () => {
  test('without a credential is answered 401 and told that a bearer token is needed', async () => {
    const answer = await read(postJson(at(), {}))
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
  })

  test('whose token is in the query is without one', async () => {
    const body = { sub_id: { format: 'opaque', id: 'x' } }
    expect((await postJson(`${at()}?access_token=${bearer}`, body)).status).toBe(401)
  })

  test('with a token that is none of ours, or ended, is answered 401', async () => {
    expect((await send({}, 'nonsense')).status).toBe(401)
    const own = await addClient(shop.server, ['global_token_revocation'])
    const token = await own.token()
    expect((await send({}, token)).status).toBe(400)
    await ask(shop.server, OWNER, 'POST', '/v1/sign-outs', { of: 'client', id: own.id })
    expect((await send({}, token)).status).toBe(401)
  })

  const WRONG: Readonly<Record<string, () => Promise<string>>> = {
    'of its own without the scope': () => partner.token('', { resource: shop.server.url }),
    'of its own for another service': () => partner.token(''),
    'with a scope of streams': async () => (await addClient(shop.server, ['ssf.manage'])).token(),
    'of a customer': async () => (await tokensOf(shop.server.url)).access_token,
    'of a customer for this server': async () =>
      (await tokensOf(shop.server.url, { resource: shop.server.url, scope: 'global_token_revocation' })).access_token,
  }
  test.each(Object.keys(WRONG))('with a token %s is answered 403, and ends nothing', async (name) => {
    const person = await signedIn()
    const answer = await send({ sub_id: { format: 'opaque', id: person.customer.id } }, await WRONG[name]?.())
    expect([answer.status, answer.body.error]).toEqual([403, 'insufficient_scope'])
    expect(answer.headers.get('www-authenticate')).toContain('scope="global_token_revocation"')
    expect(await stateOf(person)).toEqual(ALIVE)
  })

  test('does not get the scope where a pattern or nothing gives it, only by name', async () => {
    for (const scopes of [['*'], ['global_*'], []]) {
      const client = await addClient(shop.server, scopes)
      const token = await client.token('global_token_revocation', { resource: shop.server.url }).catch(() => undefined)
      if (token !== undefined) expect((await send({}, token)).status).toBe(403)
    }
    const own = await addClient(shop.server, ['*'], { first_party: true, resource_scopes: undefined })
    const token = await own.token('global_token_revocation').catch(() => undefined)
    if (token !== undefined) expect((await send({}, token)).status).toBe(403)
  })

  test('from whom the scope was taken loses it at once', async () => {
    const own = await addClient(shop.server, ['global_token_revocation'])
    const token = await own.token()
    const { body, headers } = await ask(shop.server, OWNER, 'GET', `/v1/clients/${own.id}`)
    const metadata = { ...(body.metadata as object), resource_scopes: [] }
    const path = `/v1/clients/${own.id}`
    const changed = await ask(
      shop.server,
      OWNER,
      'PUT',
      path,
      { metadata },
      { 'if-match': String(headers.get('etag')) },
    )
    expect(changed.status, JSON.stringify(changed.body)).toBe(200)
    expect((await send({}, token)).status).toBe(403)
  })

  test('gets a token of an hour at most, made for this server', async () => {
    const own = await addClient(shop.server, ['global_token_revocation'], { access_token_ttl_seconds: 28_800 })
    const { payload } = decode(await own.token())
    expect([payload.aud, Number(payload.exp) - Number(payload.iat)]).toEqual([shop.server.url, 3600])
    expect(await introspect(shop.server.url, await own.token(), ordersService), 'and no service may see it').toEqual({
      active: false,
    })
  })
})

describe('a body', () => {
  const BAD: Readonly<Record<string, unknown>> = {
    'without a subject': {},
    'that is a list': [],
    'whose subject is a text': { sub_id: 'sonia@spryker.com' },
    'whose subject is null': { sub_id: null },
    'with an unknown format': { sub_id: { format: 'loyalty-card', id: '1' } },
    'with no format': { sub_id: { email: 'sonia@spryker.com' } },
    'whose format misses a member': { sub_id: { format: 'iss_sub', iss: 'https://x.example' } },
    'whose member is a number': { sub_id: { format: 'email', email: 7 } },
    'whose member is empty': { sub_id: { format: 'opaque', id: '' } },
    'with no aliases': { sub_id: { format: 'aliases', identifiers: [] } },
    'with aliases in aliases': {
      sub_id: { format: 'aliases', identifiers: [{ format: 'aliases', identifiers: [{ format: 'opaque', id: 'x' }] }] },
    },
    'with both members': { sub_id: { format: 'opaque', id: 'x' }, subject: { format: 'opaque', id: 'y' } },
    'about a session': { sub_id: { format: 'complex', session: { format: 'opaque', id: 'x' } } },
  }
  test.each(Object.keys(BAD))('%s is answered 400', async (name) => {
    const answer = await send(BAD[name])
    expect([answer.status, answer.body.error]).toEqual([400, 'invalid_request'])
  })

  test('that is not JSON, too large or of another type is refused and never a 500', async () => {
    const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' }
    const post = (body: string, more = {}) => fetch(at(), { method: 'POST', body, headers: { ...headers, ...more } })
    expect((await post('{')).status).toBe(400)
    expect((await post(JSON.stringify({ sub_id: { format: 'opaque', id: 'x'.repeat(40_000) } }))).status).toBe(413)
    expect((await post('{}', { 'content-type': 'text/plain' })).status).toBe(415)
  })

  test('that names two customers is answered 422 and ends neither, where the caller may look people up', async () => {
    const [one, two] = [await signedIn(), await signedIn()]
    const identifiers = [one, two].map(({ customer: { email } }) => ({ format: 'email', email }))
    const seeing = await addClient(shop.server, ['global_token_revocation', 'global_token_revocation:lookup'])
    expect((await send({ sub_id: { format: 'aliases', identifiers } }, await seeing.token())).status).toBe(422)
    expect([await stateOf(one), await stateOf(two)]).toEqual([ALIVE, ALIVE])
  })
})

const UNKNOWN: readonly object[] = [
  { format: 'email', email: 'stranger@example.com' },
  { format: 'email', email: 'no address' },
  { format: 'opaque', id: 'stranger' },
  { format: 'opaque', id: '\u0000' },
  { format: 'opaque', id: 'agent:stranger' },
  { format: 'opaque', id: randomUUID() },
  { format: 'iss_sub', iss: 'https://elsewhere.example', sub: 'sonia' },
  { format: 'phone_number', phone_number: '+12065550100' },
  { format: 'did', url: 'did:example:123456' },
  { format: 'uri', uri: 'https://people.example/sonia' },
]
test.each(UNKNOWN)(
  'an unknown person, %j, is answered as a known one, unless the caller may look people up',
  async (sub_id) => {
    expect((await send({ sub_id })).status).toBe(204)
    const seeing = await addClient(shop.server, ['global_token_revocation', 'global_token_revocation:lookup'])
    expect((await send({ sub_id }, await seeing.token())).status).toBe(404)
  },
)

describe('a JWT of a sign-in provider', () => {
  const TYP = 'global-token-revocation+jwt'
  let count = 0
  const proof = (more: object = {}, header: Record<string, unknown> = {}) =>
    acme.sign({ aud: at(), iat: now(), exp: now() + 60, jti: `proof-${++count}`, ...more }, { typ: TYP, ...header })

  async function cameByAcme(sub: string) {
    const email = `${sub}@people.example`
    acme.person = { sub, email, email_verified: true }
    const visitor = shop.visitor()
    expect(isSignedIn(await comeBy(visitor, 'acme'))).toBe(true)
    return { visitor, email }
  }

  test('ends the customer who came by the provider, by sub or by address', async () => {
    for (const way of ['sub', 'email'] as const) {
      const { visitor, email } = await cameByAcme(`proved-${way}`)
      const subject =
        way === 'email' ? { format: 'email', email } : { format: 'iss_sub', iss: acme.issuer, sub: `proved-${way}` }
      expect((await send({ subject }, await proof())).status).toBe(204)
      expect(isSignedIn(await visitor.openLogin())).toBe(false)
    }
  })

  test('ends nobody who did not come by the provider', async () => {
    const person = await signedIn()
    for (const sub_id of [
      { format: 'email', email: person.customer.email },
      { format: 'opaque', id: person.customer.id },
      { format: 'iss_sub', iss: shop.server.url, sub: person.customer.id },
      { format: 'email', email: 'agent@example.com' },
    ])
      expect((await send({ sub_id }, await proof())).status).toBe(204)
    expect(await stateOf(person)).toEqual(ALIVE)
  })

  test('is taken once', async () => {
    const token = await proof()
    const sub_id = { format: 'opaque', id: 'x' }
    expect([(await send({ sub_id }, token)).status, (await send({ sub_id }, token)).status]).toEqual([204, 401])
  })

  const REFUSED: Readonly<Record<string, () => Promise<string>>> = {
    'for another audience': () => proof({ aud: acme.clientId }),
    'of an unknown issuer': () => proof({ iss: 'https://elsewhere.example' }),
    'that has expired': () => proof({ iat: now() - 500, exp: now() - 120 }),
    'of long ago': () => proof({ iat: now() - 3600 }),
    'without jti': () => proof({ jti: undefined }),
    'without exp': () => proof({ exp: undefined }),
    'with a nonce': () => proof({ nonce: 'n' }),
    'of an unknown key': () => proof({}, { kid: 'two' }),
    'of another typ': () => proof({}, { typ: 'JWT' }),
    'without a signature': async () => {
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
      return `${part({ alg: 'none', typ: TYP })}.${part({ iss: acme.issuer, aud: at(), iat: now(), exp: now() + 60, jti: 'n' })}.`
    },
  }
  test.each(Object.keys(REFUSED))('%s is refused, and ends nothing', async (name) => {
    const { visitor } = await cameByAcme('kept')
    const sub_id = { format: 'iss_sub', iss: acme.issuer, sub: 'kept' }
    expect((await send({ sub_id }, await REFUSED[name]?.())).status).toBe(401)
    expect(isSignedIn(await visitor.openLogin())).toBe(true)
  })
})

test('metadata names the endpoint and how callers prove who they are', async () => {
  for (const name of ['openid-configuration', 'oauth-authorization-server']) {
    const { body } = await read(fetch(`${shop.server.url}/.well-known/${name}`))
    expect(body).toMatchObject({
      global_token_revocation_endpoint: at(),
      global_token_revocation_endpoint_auth_methods_supported: ['Bearer', 'global-token-revocation+jwt'],
    })
  }
})

test('another method is answered 405', async () => {
  const answer = await fetch(at())
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'OPTIONS, POST'])
})

test('the trail tells who asked, and the ending names the caller', async () => {
  const person = await signedIn()
  await send({ sub_id: { format: 'opaque', id: person.customer.id } })
  const { body } = await ask(shop.server, OWNER, 'GET', `/v1/audit?customer=${person.customer.id}`)
  const items = body.items as { type: string; actor?: string; clientId?: string; reason?: string }[]
  const ofCaller = items
    .filter(({ actor }) => actor === `client:${partner.id}`)
    .map(({ type, reason }) => ({ type, reason }))
  expect(ofCaller).toEqual(
    expect.arrayContaining([
      { type: 'global-token-revocation.asked', reason: 'by opaque' },
      { type: 'sign-out-everywhere', reason: 'asked for by Global Token Revocation' },
    ]),
  )
})

test('a caller who asks too often is told to wait', async () => {
  const own = await addClient(shop.server, ['global_token_revocation'])
  const token = await own.token()
  const statuses = new Set<number>()
  let last: Awaited<ReturnType<typeof send>> | undefined
  for (let asked = 0; asked < 610; asked += 61) {
    const answers = await Promise.all(Array.from({ length: 61 }, () => send({}, token)))
    for (const answer of answers) {
      statuses.add(answer.status)
      if (answer.status === 429) last = answer
    }
  }
  expect([...statuses].sort()).toEqual([400, 429])
  expect(last?.headers.get('retry-after')).toBe('60')
})
