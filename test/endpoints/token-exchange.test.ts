import { afterAll, beforeAll, expect, test } from 'vitest'
import { ADMIN_TOKEN, askAdmin } from '../keys/server-nodes.ts'
import { basicAuth, postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { waitFor } from '../support/wait-for.ts'
import {
  decode,
  introspect,
  ordersService,
  read,
  refresh,
  revoke,
  SONIA_COMPANY_USER,
  thirdParty,
  tokensOf,
  userinfo,
} from './client.ts'

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
const WAREHOUSE = 'urn:vestibule:warehouse'

let server: TestServer
let subject: string
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN })
  subject = (await tokensOf(server.url, { scope: 'openid customer company' })).access_token
})
afterAll(() => server?.stop())

type Fields = Readonly<Record<string, string>>

const ask = (fields: Fields = {}, headers: Fields = ordersService) =>
  read(
    postForm(
      `${server.url}/token`,
      {
        grant_type: EXCHANGE,
        subject_token: subject,
        subject_token_type: ACCESS_TOKEN,
        resource: WAREHOUSE,
        ...fields,
      },
      headers,
    ),
  )
const exchanged = async (fields: Fields = {}) => (await ask(fields)).body.access_token as string

test('a service trades the token it received for one that another service accepts, for the same customer', async () => {
  const { status, body, headers } = await ask({ scope: 'customer' })
  expect(status, JSON.stringify(body)).toBe(200)
  expect(body).toEqual({
    access_token: expect.any(String),
    issued_token_type: ACCESS_TOKEN,
    token_type: 'Bearer',
    expires_in: expect.any(Number),
    scope: 'customer',
  })
  expect(headers.get('cache-control')).toBe('no-store')
  const { sub, id_company_user } = decode(subject).payload
  expect(await introspect(server.url, body.access_token)).toMatchObject({
    active: true,
    sub,
    id_company_user,
    aud: WAREHOUSE,
    client_id: 'orders-service',
    scope: 'customer',
    act: { sub: 'orders-service' },
  })
})

test('the target may be named as its audience as well (RFC 8693 §2.1)', async () => {
  const { status, body } = await ask({ resource: '', audience: WAREHOUSE })
  expect(status, JSON.stringify(body)).toBe(200)
  expect(await introspect(server.url, body.access_token)).toMatchObject({ aud: WAREHOUSE })
})

test('as a JWT it names customer, client and who acts, and bears the same claims', async () => {
  const token = await exchanged({ resource: 'urn:vestibule:commerce', scope: 'customer company' })
  const { header, payload } = decode(token)
  expect(header).toMatchObject({ typ: 'at+jwt' })
  const { sub, customer_reference, permissions } = decode(subject).payload
  const [client_id, act] = ['orders-service', { sub: 'orders-service' }]
  expect(payload).toMatchObject({ sub, customer_reference, permissions, client_id, act, scope: 'customer company' })
})

test('who acted before stays on record when a token is traded again (RFC 8693 §4.1)', async () => {
  const agents = { username: 'agent@example.com', password: 'change123', grant_type: 'urn:vestibule:grant:agent' }
  const agent = await tokensOf(server.url, { ...agents, scope: 'profile' })
  const impersonated = await tokensOf(server.url, {
    grant_type: 'urn:vestibule:grant:impersonation',
    subject_token: agent.access_token,
    customer_reference: 'DE--22',
    scope: 'customer',
  })
  const once = await exchanged({ subject_token: impersonated.access_token, resource: 'urn:vestibule:commerce' })
  const { act: before } = decode(impersonated.access_token).payload
  expect(decode(once).payload.act).toEqual({ sub: 'orders-service', act: before })
  const twice = await exchanged({ subject_token: once })
  expect(await introspect(server.url, twice)).toMatchObject({
    active: true,
    act: { sub: 'orders-service', act: { sub: 'orders-service', act: before } },
  })
})

test('nothing is gained: no wider scope, no longer life, no refresh token, no ID token', async () => {
  const wider = await ask({ scope: 'customer stock:write' })
  expect([wider.status, wider.body.error]).toEqual([400, 'invalid_scope'])
  const { body } = await ask()
  expect(body.scope.split(' ').sort()).toEqual(['company', 'customer', 'openid'])
  const { exp } = decode(subject).payload
  expect((await introspect(server.url, body.access_token)).exp).toBeLessThanOrEqual(Number(exp))
  expect(body.refresh_token ?? body.id_token).toBeUndefined()
})

test('it dies with the sign-in it came from', async () => {
  const tokens = await tokensOf(server.url)
  const opaque = await exchanged({ subject_token: tokens.access_token })
  const structured = await exchanged({ subject_token: tokens.access_token, resource: 'urn:vestibule:commerce' })
  await revoke(server.url, tokens.refresh_token)
  expect(await introspect(server.url, opaque)).toEqual({ active: false })
  expect(await introspect(server.url, structured)).toEqual({ active: false })
})

test('its holder may revoke it, and the customer’s own token lives on', async () => {
  const tokens = await tokensOf(server.url)
  const token = await exchanged({ subject_token: tokens.access_token, resource: 'urn:vestibule:commerce' })
  expect((await revoke(server.url, token, {}, ordersService)).status).toBe(200)
  expect(await introspect(server.url, token)).toEqual({ active: false })
  expect(await introspect(server.url, tokens.access_token)).toMatchObject({ active: true })
})

test('it is no way into the customer’s account: userinfo and refresh refuse it', async () => {
  const token = await exchanged({ resource: 'urn:vestibule:commerce' })
  expect((await userinfo(server.url, token)).status).toBe(401)
  expect((await refresh(server.url, token)).status).toBe(400)
})

const REFUSED: readonly [string, Fields, string][] = [
  ['no subject token', { subject_token: '' }, 'invalid_request'],
  ['no subject token type', { subject_token_type: '' }, 'invalid_request'],
  ['another subject token type', { subject_token_type: 'urn:ietf:params:oauth:token-type:saml2' }, 'invalid_request'],
  ['a garbled subject token', { subject_token: 'eyJhbGciOiJub25lIn0.e30.' }, 'invalid_request'],
  [
    'a wish for a refresh token',
    { requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' },
    'invalid_request',
  ],
  ['a target that is not its own to ask for', { resource: 'urn:vestibule:dialect:spryker' }, 'invalid_target'],
  ['a target that does not exist', { resource: 'urn:example:nowhere' }, 'invalid_target'],
  ['a resource and another audience', { audience: 'urn:vestibule:commerce' }, 'invalid_target'],
  ['an actor token without its type', { actor_token: 'x' }, 'invalid_request'],
  ['an actor token that does not work', { actor_token: 'x', actor_token_type: ACCESS_TOKEN }, 'invalid_request'],
]

test.each(REFUSED)('%s is refused by the protocol’s own error', async (_what, fields, error) => {
  const answer = await ask(fields)
  expect([answer.status, answer.body.error]).toEqual([400, error])
})

test('a client’s own token, a refresh token and a revoked one are nobody’s to trade', async () => {
  const tokens = await tokensOf(server.url)
  const own = await tokensOf(server.url, { grant_type: 'client_credentials' }, ordersService)
  for (const subject_token of [own.access_token, tokens.refresh_token]) {
    expect((await ask({ subject_token })).body.error).toBe('invalid_request')
  }
  await revoke(server.url, tokens.access_token)
  expect((await ask({ subject_token: tokens.access_token })).body.error).toBe('invalid_request')
})

test('the client’s own token may stand for it as the actor, and nobody else’s', async () => {
  const own = await tokensOf(server.url, { grant_type: 'client_credentials' }, ordersService)
  const others = await tokensOf(server.url, { grant_type: 'client_credentials' }, thirdParty)
  const as = (actor_token: string) => ask({ actor_token, actor_token_type: ACCESS_TOKEN })
  expect((await as(own.access_token)).status).toBe(200)
  expect((await as(others.access_token)).body.error).toBe('invalid_request')
})

test('a service cannot trade a token that was not made for it, nor one for a target it was not given', async () => {
  const metadata = {
    client_id: 'stock-service',
    resource_scopes: ['*'],
    grant_types: [EXCHANGE],
    introspects: [WAREHOUSE],
    exchange_targets: ['urn:vestibule:comm*'],
  }
  const made = await askAdmin(server, 'POST', '/v1/clients', { metadata, secret: 'stock-service-secret' })
  expect(made.status).toBe(201)
  const stockService = basicAuth('stock-service', 'stock-service-secret')
  const foreign = await ask({ resource: 'urn:vestibule:commerce' }, stockService)
  expect([foreign.status, foreign.body.error]).toEqual([400, 'invalid_request'])
  const received = await exchanged()
  expect((await ask({ subject_token: received, resource: 'urn:vestibule:commerce' }, stockService)).status).toBe(200)
  expect((await ask({ subject_token: received }, stockService)).body.error).toBe('invalid_target')
})

test('what was traded becomes no sign-in of its own', async () => {
  const [handover, companyUser] = ['urn:vestibule:grant:handover', 'urn:vestibule:grant:company-user']
  const grant_types = [EXCHANGE, handover, companyUser, 'refresh_token']
  const metadata = {
    client_id: 'eager-service',
    resource_scopes: ['*'],
    grant_types,
    introspects: ['urn:vestibule:commerce'],
    exchange_targets: ['urn:vestibule:commerce'],
  }
  await askAdmin(server, 'POST', '/v1/clients', { metadata, secret: 'eager-service-secret' })
  const eager = basicAuth('eager-service', 'eager-service-secret')
  const { body } = await ask({ resource: 'urn:vestibule:commerce', scope: 'customer' }, eager)
  for (const [grant_type, further] of [
    [handover, {}],
    [companyUser, { company_user_id: SONIA_COMPANY_USER }],
  ] as const) {
    const form = { grant_type, subject_token: body.access_token, ...further }
    const answer = await read(postForm(`${server.url}/token`, form, eager))
    expect([answer.status, answer.body.error]).toEqual([400, 'invalid_grant'])
  }
})

test('what is over is not traded, although clocks may differ where its signature is checked', async () => {
  const metadata = {
    client_id: 'brief-app',
    resource_scopes: ['*'],
    token_endpoint_auth_method: 'none',
    grant_types: ['password'],
    access_token_ttl_seconds: 1,
  }
  await askAdmin(server, 'POST', '/v1/clients', { metadata })
  const { access_token: subject_token } = await tokensOf(server.url, { client_id: 'brief-app' })
  await waitFor(() => Date.now() / 1000 >= Number(decode(subject_token).payload.exp))
  expect((await ask({ subject_token })).body.error).toBe('invalid_request')
})

test('a client with a scope of its own gets no other one by leaving it out', async () => {
  const metadata = {
    client_id: 'modest-service',
    resource_scopes: ['*'],
    grant_types: [EXCHANGE],
    scope: 'customer',
    introspects: ['urn:vestibule:commerce'],
    exchange_targets: [WAREHOUSE],
  }
  await askAdmin(server, 'POST', '/v1/clients', { metadata, secret: 'modest-service-secret' })
  const answer = await ask({}, basicAuth('modest-service', 'modest-service-secret'))
  expect([answer.status, answer.body.scope]).toEqual([200, 'customer'])
})

test('tokens of a client that was disabled are nobody’s to trade, and traded ones are dead', async () => {
  const { access_token: subject_token } = await tokensOf(server.url, {}, thirdParty)
  const traded = await exchanged({ subject_token, resource: 'urn:vestibule:commerce' })
  expect(await introspect(server.url, traded)).toMatchObject({ active: true })
  await askAdmin(server, 'POST', '/v1/clients/third-party-app/disable', {})
  try {
    expect((await ask({ subject_token })).body.error).toBe('invalid_request')
    expect(await introspect(server.url, traded)).toEqual({ active: false })
  } finally {
    await askAdmin(server, 'POST', '/v1/clients/third-party-app/enable', {})
  }
})

test('a client that does not list the grant cannot use it', async () => {
  const { status, body } = await ask({}, thirdParty)
  expect([status, body.error]).toEqual([400, 'unauthorized_client'])
})

test.each([
  { of: 'client', id: 'orders-service' },
  { of: 'client', id: 'frontend' },
])('signing out $of $id ends it', async (who) => {
  const tokens = await tokensOf(server.url)
  const token = await exchanged({ subject_token: tokens.access_token, resource: 'urn:vestibule:commerce' })
  expect((await askAdmin(server, 'POST', '/v1/sign-outs', who)).status).toBe(200)
  expect(await introspect(server.url, token, thirdParty)).toEqual({ active: false })
  expect(await introspect(server.url, token)).toEqual({ active: false })
})

test('after its client was signed out, a customer’s older sign-in can be traded again', async () => {
  const tokens = await tokensOf(server.url)
  expect((await askAdmin(server, 'POST', '/v1/sign-outs', { of: 'client', id: 'orders-service' })).status).toBe(200)
  // Tokens count whole seconds, the instant milliseconds: in the same second it is the sign-out that wins.
  await waitFor(async () => {
    const token = await exchanged({ subject_token: tokens.access_token, resource: 'urn:vestibule:commerce' })
    return (await introspect(server.url, token)).active
  })
})
