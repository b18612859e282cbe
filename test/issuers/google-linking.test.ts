import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { decode, introspect, RON_ID, read, ron } from '../endpoints/client.ts'
import { openSignedIn } from '../interaction/account/account-visitor.ts'
import { basicAuth, postForm } from '../support/http.ts'
import { waitFor } from '../support/wait-for.ts'
import { type LinkedShop, SECRET, startLinkedShop, type Trusted } from './linked-shop.ts'

const RON = { email: ron.username, password: ron.password }

let shop: LinkedShop
let google: Trusted
beforeAll(async () => {
  shop = await startLinkedShop()
  google = await shop.trust('google-linking', { subjects: 'provision' })
  await google.connect(RON, 'ron')
})
afterAll(() => shop?.stop())

const intent = async (name: string, claims: Record<string, unknown>, fields: Record<string, string> = {}) =>
  google.present(claims, { intent: name, ...fields })
const customerOf = async (token: string) =>
  (await ask(shop.server, OWNER, 'GET', `/v1/customers/${decode(token).payload.sub}`)).body
const newMailbox = (domain = 'gmail.com') => `person-${randomUUID()}@${domain}`
const linkingError = (email?: string) => ({
  status: 401,
  body: email === undefined ? { error: 'linking_error' } : { error: 'linking_error', login_hint: email },
})

describe('check', () => {
  test.each<[string, () => Record<string, unknown>, number, string]>([
    ['a person who is linked', () => ({ sub: 'ron' }), 200, 'true'],
    ['one whose address has an account', () => ({ sub: 'other', email: RON.email }), 200, 'true'],
    ['anybody else', () => ({ sub: 'other', email: newMailbox() }), 404, 'false'],
    ['one without an address', () => ({ sub: 'other' }), 404, 'false'],
  ])('of %s', async (_who, claims, status, account_found) => {
    expect(await intent('check', claims())).toMatchObject({ status, body: { account_found } })
  })

  test('gives no tokens, is on record each time, and names nobody', async () => {
    const email = newMailbox()
    const { body, headers } = await intent('check', { sub: 'other', email })
    expect(body).toEqual({ account_found: 'false' })
    expect(headers.get('cache-control')).toBe('no-store')
    const listed = async () =>
      (await ask(shop.server, OWNER, 'GET', '/v1/audit?type=account-linking.asked&limit=100')).body.items as object[]
    await waitFor(async () => (await listed()).length >= 5)
    const entries = await listed()
    expect(entries).toContainEqual(expect.objectContaining({ reason: `${google.id}: check, not-found` }))
    expect(JSON.stringify(entries)).not.toContain(email)
    const metrics = await (await fetch(`${shop.server.adminUrl}/metrics`)).text()
    expect(metrics).toMatch(/vestibule_account_linking_total\{intent="check",outcome="not-found"\} \d/)
  })
})

describe('get', () => {
  test('gives a person who is linked tokens that can be refreshed', async () => {
    const { status, body } = await intent('get', { sub: 'ron' }, { scope: 'customer openid' })
    expect(status, JSON.stringify(body)).toBe(200)
    expect(body).toMatchObject({ token_type: 'Bearer', refresh_token: expect.any(String), scope: 'customer openid' })
    expect(body.expires_in).toBeGreaterThan(900)
    const fields = { grant_type: 'refresh_token', refresh_token: body.refresh_token }
    const refreshed = await read(postForm(`${shop.server.url}/token`, { ...fields }, basicAuth(shop.clientId, SECRET)))
    expect(refreshed.status).toBe(200)
    expect(await introspect(shop.server.url, refreshed.body.access_token)).toMatchObject({ active: true, sub: RON_ID })
  })

  test('of anybody else is a linking error with the address, so that Google sends them to sign in', async () => {
    const email = newMailbox()
    expect(await intent('get', { sub: 'other', email, email_verified: true })).toMatchObject(linkingError(email))
    expect(await intent('get', { sub: 'other' })).toMatchObject(linkingError())
  })

  test.each<[string, Record<string, unknown>]>([
    ['a mailbox that Google does not run', { email_verified: true }],
    ['a mailbox that is not checked', { email_verified: false, hd: 'swanson.com' }],
    ['a mailbox that Google runs, unless the record lets it', { email_verified: true, hd: 'swanson.com' }],
  ])('opens no account by the address of %s', async (_which, claims) => {
    const answer = await intent('get', { sub: 'other', email: RON.email, ...claims })
    expect(answer).toMatchObject(linkingError(RON.email))
  })

  test('opens the account of a mailbox that Google runs where the record lets it, and links it for good', async () => {
    const { id, email } = await shop.addCustomer({ email: newMailbox() })
    const claims = { sub: `google-${id}`, email, email_verified: true }
    await google.change({ matches_verified_email: true })
    const { status, body } = await intent('get', claims)
    expect(status, JSON.stringify(body)).toBe(200)
    expect(decode(body.access_token).payload.sub).toBe(id)
    expect((await shop.sink.mailTo(email, 1, /was connected/)).subject).toContain('was connected')
    const unchecked = await shop.addCustomer({ email: newMailbox(), emailVerified: false })
    const second = { sub: 'other', email: unchecked.email, email_verified: true }
    expect(await intent('get', second)).toMatchObject(linkingError(unchecked.email))
    await google.change({ matches_verified_email: undefined })
    expect((await intent('get', { sub: claims.sub })).status).toBe(200)
  })

  test('does not connect by the mailbox what its owner took away, with the access of Google', async () => {
    const customer = await shop.addCustomer({ email: newMailbox() })
    const claims = { sub: `google-${customer.id}`, email: customer.email, email_verified: true }
    await google.change({ matches_verified_email: true })
    expect((await intent('get', claims)).status).toBe(200)
    const visitor = shop.visitor()
    const apps = await openSignedIn(visitor, customer, '/account/apps')
    await visitor.submit(apps, '/withdraw', { client: shop.clientId })
    const security = await openSignedIn(visitor, customer, '/account/security')
    const [path = ''] = /[^"]*security\/disconnect\?id=[^"]+/.exec(security.html) ?? []
    const done = await visitor.submit(await visitor.open(path), '/security/disconnect')
    expect(done.url).toContain('done=')
    for (const _time of ['first', 'second'])
      expect(await intent('get', claims)).toMatchObject(linkingError(customer.email))
    await google.change({ matches_verified_email: undefined })
  })

  test('of a customer who is blocked is a linking error', async () => {
    const customer = await shop.addCustomer()
    await google.connect(customer, 'blocked')
    await ask(shop.server, OWNER, 'POST', `/v1/customers/${customer.id}/block`)
    expect(await intent('get', { sub: 'blocked' })).toMatchObject(linkingError())
    expect(await intent('create', { sub: 'blocked', email: newMailbox(), email_verified: true })).toMatchObject({
      status: 401,
    })
  })
})

describe('create', () => {
  test('makes an account and gives its tokens; asked again it is a linking error with the address', async () => {
    const email = newMailbox()
    const claims = { sub: `new-${email}`, email, email_verified: true, given_name: 'Nia', locale: 'de' }
    const { status, body } = await intent('create', claims)
    expect(status, JSON.stringify(body)).toBe(200)
    expect(body).toHaveProperty('refresh_token')
    expect(await customerOf(body.access_token)).toMatchObject({
      email,
      emailVerified: true,
      givenName: 'Nia',
      locale: 'de',
    })
    expect(await intent('create', claims)).toMatchObject(linkingError(email))
    expect((await intent('get', claims)).status).toBe(200)
  })

  test('of a person whose address has an account is a linking error', async () => {
    const claims = { sub: 'other', email: RON.email, email_verified: true }
    expect(await intent('create', claims)).toMatchObject(linkingError(RON.email))
  })

  test('is a linking error where Google has not checked the address, and where the record makes no accounts', async () => {
    const email = newMailbox()
    expect(await intent('create', { sub: email, email, email_verified: false })).toMatchObject(linkingError(email))
    expect(await intent('create', { sub: email, email })).toMatchObject(linkingError(email))
    await google.change({ subjects: undefined })
    expect(await intent('create', { sub: email, email, email_verified: true })).toMatchObject(linkingError(email))
    await google.change({ subjects: 'provision' })
  })

  test('makes one account, however many requests come at once', async () => {
    const email = newMailbox()
    const claims = { sub: `crowd-${email}`, email, email_verified: true }
    const answers = await Promise.all(Array.from({ length: 8 }, () => intent('create', claims)))
    const subjects = answers
      .filter(({ status }) => status === 200)
      .map(({ body }) => decode(body.access_token).payload.sub)
    expect(new Set(subjects).size).toBe(1)
    for (const { status } of answers) expect([200, 400, 401]).toContain(status)
    expect((await intent('get', claims)).status).toBe(200)
  })
})

test('a link that Google got by itself is on the account page of its owner, and withdrawing it ends its tokens', async () => {
  const customer = await shop.addCustomer()
  await google.connect(customer, customer.id)
  const { body } = await intent('get', { sub: customer.id })
  const visitor = shop.visitor()
  const page = await openSignedIn(visitor, customer, '/account/apps')
  expect(page.html).toContain(shop.clientId)
  await visitor.submit(page, '/withdraw', { client: shop.clientId })
  const fields = { grant_type: 'refresh_token', refresh_token: body.refresh_token }
  const refreshed = await read(postForm(`${shop.server.url}/token`, fields, basicAuth(shop.clientId, SECRET)))
  expect(refreshed).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  expect(await introspect(shop.server.url, body.access_token)).toEqual({ active: false })
  expect((await openSignedIn(visitor, customer, '/account/apps')).html).not.toContain(shop.clientId)
  expect(await intent('get', { sub: customer.id })).toMatchObject(linkingError())
})

describe('is refused', () => {
  test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['another audience', { aud: 'another-google-client' }, {}],
    ['another issuer', { iss: 'https://accounts.other.example' }, {}],
    ['an end in the past', { iat: 1, exp: 2 }, {}],
    ['no end', { exp: undefined }, {}],
    ['no person', { sub: undefined }, {}],
    ['the type of an ID-JAG', {}, { typ: 'oauth-id-jag+jwt' }],
    ['an unknown key', {}, { kid: 'unknown' }],
  ])('an assertion with %s, whatever is asked', async (_what, claims, header) => {
    for (const name of ['check', 'get', 'create']) {
      const answer = await google.present(
        { sub: 'ron', ...claims },
        { intent: name },
        header as Record<string, unknown>,
      )
      expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    }
  })

  test('an intent that is missing or unknown', async () => {
    const wrong = { status: 400, body: { error: 'invalid_request' } }
    expect(await google.present({ sub: 'ron' })).toMatchObject(wrong)
    for (const name of ['', 'delete', 'CHECK']) expect(await intent(name, { sub: 'ron' })).toMatchObject(wrong)
  })

  test('another client than the one that Google has here, for each intent', async () => {
    const { headers } = await shop.addClient()
    const assertion = await google.assert({ sub: 'ron' })
    for (const name of ['check', 'get', 'create'])
      expect(await google.trade(assertion, { intent: name, scope: 'customer' }, headers)).toMatchObject({
        status: 400,
        body: { error: 'invalid_grant' },
      })
  })

  test('a record that names no client, no audience, or more than it can', async () => {
    const base = { id: 'wrong', issuer: 'https://accounts.other.example', kind: 'google-linking' }
    const store = async (members: object) =>
      (await ask(shop.server, OWNER, 'POST', '/v1/issuers', { issuer: { ...base, ...members } })).body.detail
    expect(await store({ audience: 'ours' })).toContain('clients: is needed for the kind google-linking')
    expect(await store({ clients: ['google'] })).toContain('audience: is needed for the kind google-linking')
    expect(await store({ kind: 'ucp', single_use: false })).toContain('single_use: must not be false for the kind ucp')
    expect(await store({ kind: 'ucp', algorithms: ['HS256'] })).toContain('algorithms')
    expect(await store({ kind: 'ucp', algoritms: ['ES256'] })).toContain('algorithms')
    expect(await store({ kind: 'ucp', issuer: 'http://accounts.other.example' })).toContain('issuer')
  })
})
