import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask } from '../../admin/administrators.ts'
import { CALLBACK, introspect, pkce, read } from '../../endpoints/client.ts'
import { basicAuth, postForm } from '../../support/http.ts'
import { waitFor } from '../../support/wait-for.ts'
import { formEnding, type HostedShop, startHostedShop, type TestCustomer, type Visitor } from '../hosted-shop.ts'
import { pathOf, signedIn } from './account-visitor.ts'

const ADMIN = 'an-admin-token-for-tests'
const RESOURCE = 'https://shop.example/ucp'
const [CHECKOUT, ORDERS, CART] = ['checkout:manage', 'order:read', 'cart:manage'].map(
  (name) => `dev.ucp.shopping.${name}`,
)
const agent = basicAuth('assistant', 'a secret of the assistant for tests')
const service = basicAuth('ucp-service', 'a secret of the service for tests')

let shop: HostedShop
beforeAll(async () => {
  shop = await startHostedShop()
  await create('resource-servers', {
    identifier: RESOURCE,
    resource_name: 'Acme for agents',
    format: 'opaque',
    scopes: [CHECKOUT, ORDERS, CART],
  })
  await create('clients', {
    metadata: {
      client_id: 'assistant',
      client_name: 'Shopping assistant',
      client_uri: 'https://assistant.example/',
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: [CALLBACK],
      default_resource: RESOURCE,
      resource_scopes: ['*'],
      token_endpoint_auth_method: 'client_secret_basic',
    },
    secret: 'a secret of the assistant for tests',
  })
  await create('clients', {
    metadata: {
      client_id: 'ucp-service',
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      introspects: [RESOURCE],
      resource_scopes: [],
      token_endpoint_auth_method: 'client_secret_basic',
    },
    secret: 'a secret of the service for tests',
  })
})
afterAll(() => shop?.stop())

async function create(what: string, body: object): Promise<void> {
  const made = await ask(shop.server, ADMIN, 'POST', `/v1/${what}`, body)
  if (made.status !== 201) throw new Error(JSON.stringify(made.body))
}

type Linked = { readonly access_token: string; readonly refresh_token: string; readonly scope: string }

/** Lets the assistant in, in a browser where the customer is signed in or signs in on the way. */
async function link(visitor: Visitor, customer: TestCustomer, scope: string, decision = 'allow'): Promise<Linked> {
  const { verifier, challenge } = pkce()
  const fields = { client_id: 'assistant', scope: `${scope} offline_access`, prompt: 'consent' }
  const opened = await visitor.openLogin({ ...fields, code_challenge: challenge })
  const asked = opened.html.includes('/login"')
    ? await visitor.submit(opened, '/login', { login: customer.email, password: customer.password })
    : opened
  const { url } = await visitor.submit(asked, '/consent', { decision })
  const code = new URL(url).searchParams.get('code') ?? ''
  const form = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: CALLBACK }
  return (await read(postForm(`${shop.server.url}/token`, form, agent))).body as Linked
}

const refresh = ({ refresh_token }: Pick<Linked, 'refresh_token'>) =>
  read(postForm(`${shop.server.url}/token`, { grant_type: 'refresh_token', refresh_token }, agent))

type Entry = { type: string; customerId?: string; clientId?: string; grantId?: string; reason?: string }

async function trailOf({ id }: TestCustomer): Promise<Entry[]> {
  const { body } = await ask(shop.server, ADMIN, 'GET', `/v1/audit?customerId=${id}&limit=1000`)
  return (body as { items: Entry[] }).items
}

const typesOf = async (customer: TestCustomer) =>
  (await trailOf(customer)).map(({ type }) => type).filter((type) => type.startsWith('link.'))

test('a link is listed with app, host, way, sentences and last use, and is told by mail and in the trail', async () => {
  const { customer, visitor } = await signedIn(shop)
  const tokens = await link(visitor, customer, `${CHECKOUT} ${ORDERS}`)
  const { html } = await visitor.open('/account/apps')
  for (const text of [
    'Shopping assistant',
    'assistant.example',
    'Added by the shop',
    'allowed on our page',
    'Prepare, place and cancel purchases for you',
    'See all your orders, whoever placed them',
    'Last used',
  ])
    expect(html).toContain(text)
  const mail = await shop.sink.mailTo(customer.email, 1, /Shopping assistant/)
  expect(mail.subject).toBe('Shopping assistant (assistant.example) may now use your account at Acme Shop')
  expect(mail.link).toContain('/account/apps')

  expect(await introspect(shop.server.url, tokens.access_token, service)).toMatchObject({ active: true })
  await waitFor(async () => (await visitor.open('/account/apps')).html.includes('· Acme for agents'))
  const [created] = (await trailOf(customer)).filter(({ type }) => type === 'link.created')
  expect(created).toMatchObject({
    customerId: customer.id,
    clientId: 'assistant',
    grantId: expect.any(String),
    reason: expect.stringMatching(/checkout:manage.*; consent text [\w-]{43} in en$/),
  })
  expect((await typesOf(customer)).filter((type) => type === 'link.used')).toHaveLength(1)
})

test('more than before is a wider link, the same again is no news, and a refusal is on record', async () => {
  const { customer, visitor } = await signedIn(shop)
  await link(visitor, customer, ORDERS as string)
  await link(visitor, customer, ORDERS as string)
  await link(visitor, customer, `${ORDERS} ${CART}`)
  await link(visitor, customer, `${ORDERS} ${CART} ${CHECKOUT}`, 'deny')
  expect((await typesOf(customer)).filter((type) => type !== 'link.used').sort()).toEqual([
    'link.created',
    'link.refused',
    'link.widened',
  ])
  await shop.sink.mailTo(customer.email, 1, /may now do more/)
  const told = shop.sink.mailsTo(customer.email).map(({ subject }) => subject)
  expect(told.filter((subject) => subject.includes('Shopping assistant'))).toHaveLength(2)
})

test('withdrawn, a link is dead for tokens, refresh and list at once', async () => {
  const { customer, visitor } = await signedIn(shop)
  const tokens = await link(visitor, customer, ORDERS as string)
  await visitor.submit(await visitor.open('/account/apps'), '/withdraw', { client: 'assistant' })
  expect(await introspect(shop.server.url, tokens.access_token, service)).toEqual({ active: false })
  expect((await refresh(tokens)).body).toMatchObject({ error: 'invalid_grant' })
  expect((await visitor.open('/account/apps')).html).not.toContain('Shopping assistant')
  expect(await typesOf(customer)).toContain('link.withdrawn')
  await shop.sink.mailTo(customer.email, 1, /may no longer use/)
})

test('a scope that is taken back is gone from tokens of before and after, until it is allowed again', async () => {
  const { customer, visitor } = await signedIn(shop)
  const tokens = await link(visitor, customer, `${ORDERS} ${CART}`)
  const page = await visitor.open('/account/apps')
  const done = await visitor.submit(page, '/apps/narrow', { client: 'assistant', scopes: CART as string })
  expect(pathOf(done)).toBe('/account/apps?done=app-narrowed')
  expect(done.html).not.toContain('See and change your cart')
  expect(await introspect(shop.server.url, tokens.access_token, service)).toMatchObject({ active: true, scope: ORDERS })
  const refreshed = await refresh(tokens)
  expect(String(refreshed.body.scope).split(' ')).not.toContain(CART)
  expect(await introspect(shop.server.url, refreshed.body.access_token, service)).toMatchObject({ scope: ORDERS })
  expect((await visitor.submit(page, '/apps/narrow', { client: 'assistant', scopes: CART as string })).status).toBe(404)
  expect(await typesOf(customer)).toContain('link.narrowed')
  const again = await link(visitor, customer, `${ORDERS} ${CART}`)
  expect(await introspect(shop.server.url, again.access_token, service)).toMatchObject({
    scope: expect.stringContaining(CART as string),
  })
})

test('“this was not me” ends the link and every other device, and leads to the password', async () => {
  const { customer, visitor } = await signedIn(shop)
  const other = shop.visitor()
  await other.submit(await other.open('/account'), '/login', { login: customer.email, password: customer.password })
  const tokens = await link(visitor, customer, ORDERS as string)
  const done = await visitor.submit(await visitor.open('/account/apps'), '/apps/not-me', { client: 'assistant' })
  expect(pathOf(done)).toBe('/account/security?done=app-not-me')
  expect(done.html).toContain('Now choose a new password')
  expect((await other.open('/account')).html).toContain('/login"')
  expect((await visitor.open('/account')).html).not.toContain('/login"')
  expect(await introspect(shop.server.url, tokens.access_token, service)).toEqual({ active: false })
})

test('the record says what was allowed and when, with the very text of the page, in its language', async () => {
  const { customer, visitor } = await signedIn(shop, { 'accept-language': 'de' })
  await link(visitor, customer, `${CHECKOUT} ${ORDERS}`)
  const form = formEnding(await visitor.open('/account/apps'), '/apps/record')
  const file = await visitor.jar.fetch(form.action, { method: 'POST', body: new URLSearchParams(form.fields) })
  expect(file.headers.get('content-disposition')).toContain('attachment')
  expect(await file.json()).toMatchObject({
    app: { id: 'assistant', name: 'Shopping assistant', host: 'assistant.example' },
    customer: customer.id,
    access: [{ by: 'authorization_code', since: expect.any(String) }],
    consents: [
      {
        language: 'de',
        scopes: expect.arrayContaining([CHECKOUT, ORDERS]),
        text: expect.stringMatching(/Shopping assistant[\s\S]*assistant\.example[\s\S]*Bestellungen/),
        digest: expect.stringMatching(/^[\w-]{43}$/),
      },
    ],
  })
})

test('what is allowed is what the page said: a form of another text is refused', async () => {
  const { visitor } = await signedIn(shop)
  const opened = await visitor.openLogin({ client_id: 'assistant', scope: ORDERS as string, prompt: 'consent' })
  const other = await visitor.submit(opened, '/consent', { decision: 'allow', languages: 'ja' })
  expect(other.status).toBe(403)
  const right = await visitor.submit(opened, '/consent', { decision: 'allow' })
  expect(right.url).toContain('code=')
})

test('nobody ends, narrows or reads the links of another customer', async () => {
  const [owner, stranger] = [await signedIn(shop), await signedIn(shop)]
  const tokens = await link(owner.visitor, owner.customer, `${ORDERS} ${CART}`)
  const own = await link(stranger.visitor, stranger.customer, ORDERS as string)
  const page = await stranger.visitor.open('/account/apps')
  const { action, fields } = formEnding(page, '/apps/record')
  const file = await stranger.visitor.jar.fetch(action, { method: 'POST', body: new URLSearchParams(fields) })
  expect(await file.text()).not.toContain(owner.customer.id)
  await stranger.visitor.submit(page, '/withdraw', { client: 'assistant' })
  expect(await introspect(shop.server.url, own.access_token, service)).toEqual({ active: false })
  expect(await introspect(shop.server.url, tokens.access_token, service)).toMatchObject({ active: true })
})
