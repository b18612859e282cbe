import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { keyPair, nowSeconds } from '../conformance/high-security-client.ts'
import { openSignedIn, signedIn } from '../interaction/account/account-visitor.ts'
import { type HostedShop, startHostedShop, type TestCustomer, type Visitor } from '../interaction/hosted-shop.ts'
import { later } from '../support/clock.ts'
import { basicAuth, postForm } from '../support/http.ts'
import { makeTlsFiles } from '../support/tls-files.ts'
import { waitFor } from '../support/wait-for.ts'
import { decode, introspect, read } from './client.ts'

/* OpenID Connect CIBA Core 1.0: approval on another device. */

const GRANT = 'urn:openid:params:grant-type:ciba'
const SECRET = 'a-secret-of-the-cash-desks'
type Fields = Record<string, string | undefined>
type Call = { readonly headers: Record<string, unknown>; readonly body: string }

const calls: Call[] = []
const pings: Call[] = []
let receivers: Server[]
let shop: HostedShop
const usualCertificates = getCACertificates('default')

const noting = (kept: Call[], status: number) =>
  async function note(request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse) {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    kept.push({ headers: request.headers, body })
    response.writeHead(status).end()
  }
const listening = (server: Server) =>
  new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })

beforeAll(async () => {
  const tls = makeTlsFiles()
  setDefaultCACertificates([...usualCertificates, readFileSync(tls.ca, 'utf8')])
  receivers = [
    createServer(noting(calls, 200)),
    createTlsServer({ cert: readFileSync(tls.cert), key: readFileSync(tls.key) }, noting(pings, 204)),
  ]
  const [hook, ping] = await Promise.all(receivers.map(listening))
  shop = await startHostedShop({
    CIBA_DELIVERY_URL: `http://127.0.0.1:${hook}/approvals`,
    CIBA_DELIVERY_SECRET: 'a-secret-of-the-delivery',
  })
  await register('cash-desk', {})
  await register('call-centre', { first_party: undefined, resource_scopes: [] })
  await register('notified', {
    backchannel_token_delivery_mode: 'ping',
    backchannel_client_notification_endpoint: `https://localhost:${ping}/ping`,
  })
  await register('other-shop', { grant_types: ['client_credentials'], backchannel_token_delivery_mode: undefined })
})
afterAll(async () => {
  setDefaultCACertificates(usualCertificates)
  await shop?.stop()
  for (const receiver of receivers) receiver.close()
})

async function register(client_id: string, members: object): Promise<void> {
  const metadata = {
    client_id,
    client_name: `The ${client_id}`,
    first_party: true,
    grant_types: [GRANT, 'refresh_token'],
    backchannel_token_delivery_mode: 'poll',
    ...members,
  }
  const made = await ask(shop.server, OWNER, 'POST', '/v1/clients', { metadata, secret: SECRET })
  if (made.status !== 201) throw new Error(JSON.stringify(made.body))
}

const request = (fields: Fields, client = 'cash-desk') =>
  read(postForm(`${shop.server.url}/backchannel`, { scope: 'openid email', ...fields }, basicAuth(client, SECRET)))
const poll = (auth_req_id: string, client = 'cash-desk') =>
  read(postForm(`${shop.server.url}/token`, { grant_type: GRANT, auth_req_id }, basicAuth(client, SECRET)))

async function requested(fields: Fields, client?: string): Promise<string> {
  const { status, body, text } = await request(fields, client)
  if (status !== 200) throw new Error(text)
  return body.auth_req_id
}

/** The addresses of the forms that wait for the customer. */
async function waiting(visitor: Visitor, customer: TestCustomer): Promise<string[]> {
  const { html } = await openSignedIn(visitor, customer, '/account/apps')
  return [...html.matchAll(/href="([^"]*\/account\/apps\/approve[^"]*)"/g)].map(([, href = '']) =>
    href.replaceAll('&amp;', '&'),
  )
}

async function answer(visitor: Visitor, customer: TestCustomer, decision: 'allow' | 'deny') {
  const [href = ''] = await waiting(visitor, customer)
  return visitor.submit(await visitor.open(href), '/apps/approve', { decision })
}

describe('a request', () => {
  test('that the customer approves ends in tokens for what was asked, once', async () => {
    const { customer, visitor } = await signedIn(shop)
    const made = await request({
      login_hint: customer.email,
      binding_message: 'Desk 7',
      scope: 'openid email offline_access',
    })
    expect(made).toMatchObject({
      status: 200,
      body: { auth_req_id: expect.any(String), expires_in: 300, interval: 5 },
    })
    expect((await poll(made.body.auth_req_id)).body.error).toBe('authorization_pending')

    const [href = ''] = await waiting(visitor, customer)
    const form = await visitor.open(href)
    expect(form.html).toContain('Desk 7')
    expect(form.html).toContain('The cash-desk')
    const done = await visitor.submit(form, '/apps/approve', { decision: 'allow' })
    expect(done.url).toContain('done=approval-given')
    expect(await waiting(visitor, customer)).toEqual([])
  })

  test('gives tokens of the customer, an ID token among them, and they can be introspected and refreshed', async () => {
    const { customer, visitor } = await signedIn(shop)
    const id = await requested({ login_hint: customer.email })
    await answer(visitor, customer, 'allow')
    const { status, body } = await poll(id)
    expect(status).toBe(200)
    expect(decode(body.id_token).payload).toMatchObject({
      sub: customer.id,
      aud: 'cash-desk',
      acr: 'urn:vestibule:acr:signed-in',
    })
    expect(await introspect(shop.server.url, body.access_token)).toMatchObject({ active: true, sub: customer.id })
    const refreshed = await read(
      postForm(
        `${shop.server.url}/token`,
        { grant_type: 'refresh_token', refresh_token: body.refresh_token },
        basicAuth('cash-desk', SECRET),
      ),
    )
    expect(refreshed.status).toBe(200)
  })

  test('that the customer denies ends in access_denied', async () => {
    const { customer, visitor } = await signedIn(shop)
    const id = await requested({ login_hint: customer.email })
    const done = await answer(visitor, customer, 'deny')
    expect(done.url).toContain('done=approval-denied')
    expect(await poll(id)).toMatchObject({ status: 400, body: { error: 'access_denied' } })
  })

  test('by an ID token needs no address', async () => {
    const { customer, visitor } = await signedIn(shop)
    const first = await requested({ login_hint: customer.email })
    await answer(visitor, customer, 'allow')
    const { body } = await poll(first)
    const second = await requested({ id_token_hint: body.id_token })
    await answer(visitor, customer, 'allow')
    expect((await poll(second)).status).toBe(200)
  })

  test('is asked for too soon again: slow_down', async () => {
    const { customer } = await signedIn(shop)
    const id = await requested({ login_hint: customer.email })
    expect((await poll(id)).body.error).toBe('authorization_pending')
    expect(await poll(id)).toMatchObject({ status: 400, body: { error: 'slow_down' } })
  })

  test('that nobody answers in time is over: expired_token, and it cannot be approved any more', async () => {
    const { customer, visitor } = await signedIn(shop)
    const id = await requested({ login_hint: customer.email })
    const [href = ''] = await waiting(visitor, customer)
    const form = await visitor.open(href)
    await later(async () => {
      expect((await visitor.submit(form, '/apps/approve', { decision: 'allow' })).status).toBe(404)
      expect(await poll(id)).toMatchObject({ status: 400, body: { error: 'expired_token' } })
    }, 301)
  })

  test('of another client gives it nothing', async () => {
    const { customer, visitor } = await signedIn(shop)
    const id = await requested({ login_hint: customer.email })
    await answer(visitor, customer, 'allow')
    expect(await poll(id, 'call-centre')).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  })

  test('that was answered is not answered again', async () => {
    const { customer, visitor } = await signedIn(shop)
    await requested({ login_hint: customer.email })
    const [href = ''] = await waiting(visitor, customer)
    const form = await visitor.open(href)
    const answers = await Promise.all(
      ['allow', 'deny', 'allow', 'deny'].map((decision) => visitor.submit(form, '/apps/approve', { decision })),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 404)).toHaveLength(3)
  })

  test('is seen and answered by its own customer only, and not without the token of the form', async () => {
    const { customer, visitor } = await signedIn(shop)
    const stranger = await signedIn(shop)
    const id = await requested({ login_hint: customer.email })
    const [href = ''] = await waiting(visitor, customer)
    expect(await waiting(stranger.visitor, stranger.customer)).toEqual([])
    expect((await stranger.visitor.open(href)).status).toBe(404)
    const form = await visitor.open(href)
    expect((await visitor.submit(form, '/apps/approve', { decision: 'allow', csrf: 'x' })).status).toBe(403)
    expect((await visitor.submit(form, '/apps/approve', { decision: 'perhaps' })).status).toBe(404)
    expect((await poll(id)).body.error).toBe('authorization_pending')
  })

  test('that wants a second factor is not approved by a password alone', async () => {
    const { customer, visitor } = await signedIn(shop)
    const id = await requested({ login_hint: customer.email, acr_values: 'urn:vestibule:acr:second-factor' })
    expect((await answer(visitor, customer, 'allow')).status).toBe(422)
    expect((await poll(id)).body.error).toBe('authorization_pending')
  })

  test('of a client that needs second factors is not approved by a session that lacks one', async () => {
    await register('vault', { require_second_factor: true })
    const { customer, visitor } = await signedIn(shop)
    const id = await requested({ login_hint: customer.email }, 'vault')
    expect((await answer(visitor, customer, 'allow')).status).toBe(422)
    expect((await poll(id, 'vault')).body.error).toBe('authorization_pending')
    expect((await answer(visitor, customer, 'deny')).status).not.toBe(422)
  })

  test('of a client for confirmed addresses does not reach a customer without one, and the client cannot tell', async () => {
    await register('by-address', { verified_email_only: true })
    const customer = await shop.addCustomer({ emailVerified: false })
    const id = await requested({ login_hint: customer.email }, 'by-address')
    expect((await poll(id, 'by-address')).body.error).toBe('authorization_pending')
    await requested({ login_hint: customer.email })
    const clientsOf = async (type: string) => {
      const { body } = await ask(shop.server, OWNER, 'GET', `/v1/audit?customer=${customer.id}&type=${type}`)
      return (body.items as { clientId: string }[]).map(({ clientId }) => clientId)
    }
    await waitFor(async () => (await clientsOf('approval.asked')).length > 0, { what: 'the entries' })
    expect(await clientsOf('approval.asked')).toEqual(['cash-desk'])
    expect(await clientsOf('approval.withheld')).toEqual(['by-address'])
  })

  test('of software of others gives the scopes it may have, and is withdrawn as any other', async () => {
    const { customer, visitor } = await signedIn(shop)
    const id = await requested({ login_hint: customer.email, scope: 'openid email permissions' }, 'call-centre')
    await answer(visitor, customer, 'allow')
    const { body } = await poll(id, 'call-centre')
    expect(String(body.scope).split(' ')).not.toContain('permissions')
    const page = await visitor.open('/account/apps')
    await visitor.submit(page, '/withdraw', { client: 'call-centre' })
    expect(await introspect(shop.server.url, body.access_token)).toEqual({ active: false })
  })
})

describe('a request is refused', () => {
  test.each<[string, Fields, string]>([
    ['without a hint', {}, 'invalid_request'],
    ['with two hints', { login_hint: 'a@example.com', id_token_hint: 'a.b.c' }, 'invalid_request'],
    ['with a hint token', { login_hint_token: 'a.b.c' }, 'invalid_request'],
    ['with an ID token of another server', { id_token_hint: 'a.b.c' }, 'invalid_request'],
    ['without openid', { login_hint: 'a@example.com', scope: 'email' }, 'invalid_request'],
    ['with a user code', { login_hint: 'a@example.com', user_code: '1234' }, 'invalid_request'],
    ['with a request context', { login_hint: 'a@example.com', request_context: '{}' }, 'invalid_request'],
    [
      'with a long message',
      { login_hint: 'a@example.com', binding_message: 'x'.repeat(65) },
      'invalid_binding_message',
    ],
    ['with an empty message', { login_hint: 'a@example.com', binding_message: ' ' }, 'invalid_binding_message'],
    [
      'with a message of two lines',
      { login_hint: 'a@example.com', binding_message: 'a\nb' },
      'invalid_binding_message',
    ],
    [
      'with a message that turns',
      { login_hint: 'a@example.com', binding_message: 'a\u202eb' },
      'invalid_binding_message',
    ],
    ['with a strange expiry', { login_hint: 'a@example.com', requested_expiry: '-1' }, 'invalid_request'],
    ['with an expiry that is no number', { login_hint: 'a@example.com', requested_expiry: 'soon' }, 'invalid_request'],
    ['for an unknown service', { login_hint: 'a@example.com', resource: 'urn:nobody' }, 'invalid_target'],
  ])('%s', async (_what, fields, error) => {
    const { status, body } = await request(fields)
    expect([status, body.error]).toEqual([400, error])
  })

  test('by a client that has no such grant type, or no proof', async () => {
    expect(await request({ login_hint: 'a@example.com' }, 'other-shop')).toMatchObject({
      status: 400,
      body: { error: 'unauthorized_client' },
    })
    const bare = await read(postForm(`${shop.server.url}/backchannel`, { client_id: 'cash-desk', scope: 'openid' }))
    expect([bare.status, bare.body.error]).toEqual([401, 'invalid_client'])
  })

  test('without a notification token by a client that wants to be told', async () => {
    expect((await request({ login_hint: 'a@example.com' }, 'notified')).body.error).toBe('invalid_request')
  })
})

test('a purchase mandate is not asked for here: the page would not show it', async () => {
  await register('buying-desk', { authorization_details_types: ['urn:vestibule:purchase-mandate:1'] })
  const { customer } = await signedIn(shop)
  const mandate = {
    type: 'urn:vestibule:purchase-mandate:1',
    per_order: { amount: 5000, currency: 'EUR' },
    expires_at: nowSeconds() + 86_400,
  }
  const authorization_details = JSON.stringify([mandate])
  expect(await request({ login_hint: customer.email, authorization_details }, 'buying-desk')).toMatchObject({
    status: 400,
    body: { error: 'invalid_authorization_details' },
  })
})

test('a longer life than ten minutes is cut, a shorter one is kept', async () => {
  const { customer } = await signedIn(shop)
  const lives = await Promise.all(
    ['30', '100000'].map((requested_expiry) => request({ login_hint: customer.email, requested_expiry })),
  )
  expect(lives.map(({ body }) => body.expires_in)).toEqual([30, 600])
})

test('an ID token of another client is no hint', async () => {
  const { customer, visitor } = await signedIn(shop)
  const id = await requested({ login_hint: customer.email }, 'call-centre')
  await answer(visitor, customer, 'allow')
  const { body } = await poll(id, 'call-centre')
  expect(await request({ id_token_hint: body.id_token })).toMatchObject({
    status: 400,
    body: { error: 'invalid_request' },
  })
})

test('a customer who is blocked, or signed out everywhere, after the approval gets the client nothing', async () => {
  const { customer, visitor } = await signedIn(shop)
  const id = await requested({ login_hint: customer.email })
  await answer(visitor, customer, 'allow')
  await ask(shop.server, OWNER, 'POST', '/v1/sign-outs', { of: 'customer', id: customer.id })
  expect(await poll(id)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
})

describe('who has an account is not told', () => {
  test.each<[string, () => Promise<string>]>([
    ['an address that nobody has', async () => 'nobody@example.com'],
    ['no address at all', async () => 'nonsense'],
    ['a very long hint', async () => 'x'.repeat(5000)],
    ['a blocked customer', async () => (await shop.addCustomer({ status: 'blocked' })).email],
    ['an agent', async () => 'agent@example.com'],
  ])('%s is answered as a customer is', async (_what, hint) => {
    const { customer } = await signedIn(shop)
    const [known, unknown] = [
      await request({ login_hint: customer.email }),
      await request({ login_hint: await hint() }),
    ]
    const shape = ({ status, body, headers }: typeof known) => [
      status,
      Object.keys(body),
      String(body.auth_req_id).length,
      [...headers.keys()].sort(),
    ]
    expect(shape(unknown)).toEqual(shape(known))
    expect((await poll(unknown.body.auth_req_id)).body).toEqual((await poll(known.body.auth_req_id)).body)
  })
})

test('a customer who is asked again and again sees five requests at most, and the client cannot tell', async () => {
  const { customer, visitor } = await signedIn(shop)
  const made = await Promise.all(Array.from({ length: 12 }, () => request({ login_hint: customer.email })))
  expect(new Set(made.map(({ status }) => status))).toEqual(new Set([200]))
  expect((await waiting(visitor, customer)).length).toBeLessThanOrEqual(5)
  for (let count = 0; count < 5; count++) {
    if ((await waiting(visitor, customer)).length === 0) break
    await answer(visitor, customer, 'deny')
  }
  await request({ login_hint: customer.email })
  expect(await waiting(visitor, customer)).toEqual([])
  const withheld = async () => {
    const { body } = await ask(shop.server, OWNER, 'GET', `/v1/audit?customer=${customer.id}&type=approval.withheld`)
    return (body.items as unknown[]).length
  }
  await waitFor(async () => (await withheld()) > 0, { what: 'the entries' })
})

test('a client that asks without end leaves the others their requests', async () => {
  const { customer, visitor } = await signedIn(shop)
  await Promise.all(Array.from({ length: 30 }, () => request({ login_hint: customer.email })))
  for (let count = 0; count < 5; count++) await answer(visitor, customer, 'deny')
  expect(await waiting(visitor, customer)).toEqual([])
  await requested({ login_hint: customer.email }, 'call-centre')
  expect(await waiting(visitor, customer)).toHaveLength(1)
})

describe('telling', () => {
  test('the customer gets a mail in their language that holds neither the message nor an id', async () => {
    const customer = await shop.addCustomer({ locale: 'de_DE' })
    const id = await requested({ login_hint: customer.email, binding_message: 'Kasse 9' })
    const mail = await shop.sink.mailTo(customer.email)
    expect(mail.subject).toContain('Anfrage an Ihr Konto')
    expect(mail.link).toContain('/account/apps')
    expect(JSON.stringify(mail)).not.toContain('Kasse 9')
    expect(JSON.stringify(mail)).not.toContain(id)
  })

  test('the shop gets a signed call with whom to ask, and nothing of what is asked for', async () => {
    const { customer } = await signedIn(shop)
    const id = await requested({ login_hint: customer.email, binding_message: 'Desk 11' })
    const reference = `test-${Number(customer.id.slice(-12))}`
    const own = () => calls.find(({ body }) => JSON.parse(body).customerReference === reference)
    await waitFor(() => own() !== undefined, { what: 'the call' })
    const { headers, body } = own() as Call
    expect(headers['vestibule-signature']).toMatch(/^t=\d+,v1=[0-9a-f]{64}$/)
    expect(JSON.parse(body)).toEqual({
      id: expect.any(String),
      type: 'approval.asked',
      customerReference: reference,
      clientId: 'cash-desk',
      expiresAt: expect.any(Number),
      url: expect.stringContaining('/account/apps/approve?id='),
    })
    expect(body).not.toContain('Desk 11')
    expect(body).not.toContain(id)
  })

  test.each(['allow', 'deny'] as const)('a client in ping mode is told with its own token: %s', async (decision) => {
    const { customer, visitor } = await signedIn(shop)
    const fields = { login_hint: customer.email, client_notification_token: `token-for-${decision}` }
    const id = await requested(fields, 'notified')
    await answer(visitor, customer, decision)
    const own = () => pings.find(({ body }) => JSON.parse(body).auth_req_id === id)
    await waitFor(() => own() !== undefined, { what: 'the ping' })
    expect(own()?.headers.authorization).toBe(`Bearer token-for-${decision}`)
    const { status } = await poll(id, 'notified')
    expect(status).toBe(decision === 'allow' ? 200 : 400)
  })

  test('what waits to be sent holds neither the notification token nor the id of the request', async () => {
    const { customer, visitor } = await signedIn(shop)
    const fields = { login_hint: customer.email, client_notification_token: 'a-token-that-must-not-be-read' }
    const id = await requested(fields, 'notified')
    await answer(visitor, customer, 'allow')
    const { body } = await ask(shop.server, OWNER, 'GET', '/v1/outbox/messages?kind=ciba-ping')
    expect(JSON.stringify(body)).not.toContain('a-token-that-must-not-be-read')
    expect(JSON.stringify(body)).not.toContain(id)
  })
})

describe('a signed request', () => {
  test('is needed where the client registered an algorithm, and is taken once in its time', async () => {
    const key = await keyPair()
    await register('signing-desk', {
      jwks: { keys: [key.jwk] },
      backchannel_authentication_request_signing_alg: 'ES256',
    })
    const { customer } = await signedIn(shop)
    const claims = { scope: 'openid', login_hint: customer.email }
    const sign = (change: object = {}, signer = key) =>
      new SignJWT({
        ...claims,
        iss: 'signing-desk',
        aud: shop.server.url,
        iat: nowSeconds(),
        nbf: nowSeconds(),
        exp: nowSeconds() + 60,
        jti: crypto.randomUUID(),
        ...change,
      })
        .setProtectedHeader({ alg: 'ES256', kid: String(key.jwk.kid) })
        .sign(signer.privateKey)
    const send = (fields: Fields) => request({ scope: undefined, ...fields }, 'signing-desk')
    expect((await send({ request: await sign() })).status).toBe(200)
    expect((await send(claims)).body.error).toBe('invalid_request')
    for (const change of [{ jti: undefined }, { exp: undefined }, { aud: 'https://other.example' }, { exp: 1 }])
      expect((await send({ request: await sign(change) })).body.error).toBe('invalid_request')
    expect((await send({ request: await sign({}, await keyPair()) })).body.error).toBe('invalid_request')
  })
})

test.each<[string, object, string]>([
  ['a public client', { token_endpoint_auth_method: 'none' }, 'token_endpoint_auth_method'],
  [
    'one that does not say how it is told',
    { backchannel_token_delivery_mode: undefined },
    'backchannel_token_delivery_mode',
  ],
  ['push mode', { backchannel_token_delivery_mode: 'push' }, 'backchannel_token_delivery_mode'],
  ['ping without an address', { backchannel_token_delivery_mode: 'ping' }, 'backchannel_client_notification_endpoint'],
  [
    'ping to plain http',
    {
      backchannel_token_delivery_mode: 'ping',
      backchannel_client_notification_endpoint: 'http://shop.example/ping',
    },
    'backchannel_client_notification_endpoint',
  ],
  ['a mode without the grant type', { grant_types: ['client_credentials'] }, 'backchannel_token_delivery_mode'],
])('%s is refused when it is stored', async (_what, members, member) => {
  await expect(register('refused', members)).rejects.toThrow(member)
})

test('the audit trail tells who asked whom and what became of it, and no token or address', async () => {
  const { customer, visitor } = await signedIn(shop)
  const id = await requested({ login_hint: customer.email })
  await answer(visitor, customer, 'allow')
  const entries = async () => {
    const { body } = await ask(shop.server, OWNER, 'GET', `/v1/audit?customer=${customer.id}`)
    return (body.items as { type: string }[]).filter(({ type }) => type.startsWith('approval.'))
  }
  await waitFor(async () => (await entries()).length === 2, { what: 'the entries' })
  const text = JSON.stringify(await entries())
  expect(text).toContain('approval.asked')
  expect(text).toContain('approval.given')
  expect(text).not.toContain(id)
  expect(text).not.toContain(customer.email)
})

test('the metadata say what is offered', async () => {
  const { body } = await read(fetch(`${shop.server.url}/.well-known/openid-configuration`))
  expect(body).toMatchObject({
    backchannel_authentication_endpoint: `${shop.server.url}/backchannel`,
    backchannel_token_delivery_modes_supported: ['poll', 'ping'],
    backchannel_user_code_parameter_supported: false,
  })
})
