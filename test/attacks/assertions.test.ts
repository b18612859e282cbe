import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { decode, introspect, RON_ID, ron, tokensOf } from '../endpoints/client.ts'
import { openSignedIn } from '../interaction/account/account-visitor.ts'
import { type LinkedShop, startLinkedShop, type Trusted } from '../issuers/linked-shop.ts'
import { later } from '../support/clock.ts'

const RON = { email: ron.username, password: ron.password }

let shop: LinkedShop
let company: Trusted
let provider: Trusted
beforeAll(async () => {
  shop = await startLinkedShop({}, { captureLog: true })
  company = await shop.trust('id-jag')
  provider = await shop.trust('ucp', { subjects: 'provision' })
  await company.connect(RON, 'ron')
  await provider.connect(RON, 'ron')
})
afterAll(() => shop?.stop())

const refused = { status: 400, body: { error: 'invalid_grant' } }

describe('what was made for something else is no assertion', () => {
  test('an access token and an ID token of this server', async () => {
    const { access_token, id_token } = await tokensOf(shop.server.url, { scope: 'openid customer' })
    for (const token of [access_token, id_token]) expect(await company.trade(token)).toMatchObject(refused)
  })

  test('an ID token that signs the same person in here by the same issuer', async () => {
    const idToken = await company.provider.sign({ sub: 'ron', exp: Math.floor(Date.now() / 1000) + 60 })
    expect(await company.trade(idToken, { scope: 'customer' })).toMatchObject(refused)
  })

  test('an assertion of one issuer with the name of another in it', async () => {
    const iss = provider.provider.issuer
    expect(await company.present({ sub: 'ron', iss })).toMatchObject(refused)
    expect(
      await provider.present({ sub: 'ron', iss: company.provider.issuer }, {}, { typ: 'oauth-id-jag+jwt' }),
    ).toMatchObject(refused)
  })

  test('the rules of another kind cannot be chosen by the assertion or the request', async () => {
    expect(await provider.present({ sub: 'ron' }, {}, { typ: 'oauth-id-jag+jwt' })).toMatchObject(refused)
    expect(await company.present({ sub: 'ron' }, {}, { typ: 'JWT' })).toMatchObject(refused)
    const asked = await provider.present({ sub: 'ron', email: RON.email }, { intent: 'check' })
    expect(asked).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
  })
})

test('a client that stole the ID-JAG of another gets nothing by it', async () => {
  const thief = await shop.addClient()
  expect(await company.trade(await company.assert({ sub: 'ron' }), { scope: 'customer' }, thief.headers)).toMatchObject(
    refused,
  )
})

test('a used assertion does not come back to life once its jti is forgotten', async () => {
  const assertion = await provider.assert({ sub: 'ron' })
  expect((await provider.trade(assertion, { scope: 'customer' })).status).toBe(200)
  for (const seconds of [20, 59, 75, 89, 91, 120, 200])
    expect(
      await later(() => provider.trade(assertion, { scope: 'customer' }), seconds),
      `${seconds} s later`,
    ).toMatchObject(refused)
})

test('an account that an issuer made for the address of somebody else is the owner’s once they recover it', async () => {
  const email = `victim-${randomUUID()}@elsewhere.example`
  const made = await provider.present({ sub: 'attacker', email, email_verified: true })
  const { sub } = decode(made.body.access_token).payload
  const visitor = shop.visitor()
  await visitor.submit(await visitor.open('/recovery'), '/recovery', { login: email })
  const { link } = await shop.sink.mailTo(email, 1, /^Choose a new password/)
  const password = 'what the owner chooses'
  await visitor.submit(await visitor.open(link), '/recovery/new', { password, repeated: password })
  expect(await introspect(shop.server.url, made.body.access_token)).toEqual({ active: false })
  expect(await provider.present({ sub: 'attacker', email })).toMatchObject(refused)
  expect((await ask(shop.server, OWNER, 'GET', `/v1/customers/${sub}`)).body).toMatchObject({ emailVerified: true })
})

test('what cannot be stored, or is too much, is refused and is no error of the server', async () => {
  const odd = ['\0', 'a\0b', '\ud800', 'a'.repeat(300), 'a\nb', '\u202e']
  for (const text of odd) {
    for (const claims of [{ sub: text }, { sub: 'ron', tenant: text }, { sub: 'ron', act: { sub: text } }])
      expect(await company.present(claims), JSON.stringify(claims)).toMatchObject(refused)
    const more = { email: `${text}@elsewhere.example`, given_name: text, locale: text }
    const { status } = await provider.present({ sub: randomUUID(), ...more })
    expect([200, 400]).toContain(status)
  }
  const deep = Array.from({ length: 500 }).reduce<object>((inner) => ({ act: inner, sub: 'x' }), { sub: 'x' })
  expect((await company.present({ sub: 'ron', act: deep })).status).toBe(400)
  const many = { sub: 'ron', resource: Array(500).fill('urn:a'), scope: 'a '.repeat(2000) }
  expect((await company.present(many)).status).toBe(400)
})

test('nothing of an assertion is in the log', async () => {
  const assertion = await company.assert({ sub: 'stranger-in-the-log' })
  await company.trade(assertion)
  await company.present({ sub: 'ron' })
  const lines = shop.server.logLines.join('\n')
  expect(lines).toContain('/token')
  expect(lines).not.toContain('stranger-in-the-log')
  expect(lines).not.toContain(assertion.split('.')[1])
})

test('an assistant whose access was withdrawn does not bring it back, until its customer connects the company again', async () => {
  const customer = await shop.addCustomer()
  await company.connect(customer, customer.id)
  const { body } = await company.present({ sub: customer.id })
  const visitor = shop.visitor()
  const page = await openSignedIn(visitor, customer, '/account/apps')
  await visitor.submit(page, '/withdraw', { client: shop.clientId })
  expect(await introspect(shop.server.url, body.access_token)).toEqual({ active: false })
  for (const _time of ['first', 'second']) expect(await company.present({ sub: customer.id })).toMatchObject(refused)

  const other = await shop.addClient()
  const asOther = await company.assert({ sub: customer.id, client_id: other.clientId })
  expect((await company.trade(asOther, { scope: 'customer' }, other.headers)).status).toBe(200)

  const security = await openSignedIn(visitor, customer, '/account/security')
  const [path = ''] = /[^"]*security\/disconnect\?id=[^"]+/.exec(security.html) ?? []
  await visitor.submit(await visitor.open(path), '/security/disconnect')
  await company.connect(customer, customer.id)
  expect((await company.present({ sub: customer.id })).status).toBe(200)
})

test('a scope that a customer took from an assistant does not come back by the next assertion, until they connect the company again', async () => {
  const customer = await shop.addCustomer()
  await company.connect(customer, customer.id)
  const scopesNow = async () => {
    const { body } = await company.present({ sub: customer.id }, { scope: 'customer orders:read' })
    return String(body.scope).split(' ').sort()
  }
  expect(await scopesNow()).toEqual(['customer', 'orders:read'])
  const visitor = shop.visitor()
  const page = await openSignedIn(visitor, customer, '/account/apps')
  await visitor.submit(page, '/apps/narrow', { client: shop.clientId, scopes: 'orders:read' })
  expect(await scopesNow()).toEqual(['customer'])
  const only = await company.present({ sub: customer.id }, { scope: 'orders:read' })
  expect(only).toMatchObject({ status: 400, body: { error: 'invalid_scope' } })

  const security = await openSignedIn(visitor, customer, '/account/security')
  const [path = ''] = /[^"]*security\/disconnect\?id=[^"]+/.exec(security.html) ?? []
  await visitor.submit(await visitor.open(path), '/security/disconnect')
  await company.connect(customer, customer.id)
  expect(await scopesNow()).toEqual(['customer', 'orders:read'])
})

test('what an assertion gave ends with everything else of the customer', async () => {
  const customer = await shop.addCustomer()
  await company.connect(customer, customer.id)
  const { body } = await company.present({ sub: customer.id })
  const token = body.access_token
  expect(await introspect(shop.server.url, token)).toMatchObject({ active: true })
  expect(decode(token).payload.sub).not.toBe(RON_ID)
  await ask(shop.server, OWNER, 'POST', '/v1/sign-outs', { of: 'customer', id: customer.id })
  expect(await introspect(shop.server.url, token)).toEqual({ active: false })
})
