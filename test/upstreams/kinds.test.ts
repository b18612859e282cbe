import { generateKeyPairSync } from 'node:crypto'
import { exportJWK, type JWK } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { tokensOf, userinfo } from '../endpoints/client.ts'
import { isSignedIn, type Page, type Visitor } from '../interaction/hosted-shop.ts'
import { readForm } from '../support/http.ts'
import { LOCAL_TENANT, type LocalProvider } from '../support/local-provider.ts'
import { comeBy, type ShopWithUpstreams, startShopWithUpstreams } from './shop-with-upstreams.ts'

/** Providers that behave as Google, Apple and Entra do. */
let shop: ShopWithUpstreams
let google: LocalProvider
let apple: LocalProvider
let entra: LocalProvider
beforeAll(async () => {
  shop = await startShopWithUpstreams()
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const pem = key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  google = await shop.addProvider('google', 'google')
  apple = await shop.addProvider('apple', 'apple', { team_id: 'TEAM123456', key_id: 'KEY1' }, pem)
  const appleKey: JWK = { ...(await exportJWK(key.publicKey)), kid: 'KEY1' }
  Object.assign(apple, { appleKey })
  entra = await shop.addProvider('entra', 'entra', { tenants: [LOCAL_TENANT] })
})
afterAll(() => shop?.stop())

/** What a browser does with a form of Apple's page: it is another site, so that our cookies stay behind. */
async function comeByApple(visitor: Visitor): Promise<Page> {
  const form = readForm((await comeBy(visitor, 'apple')).html, `${shop.server.url}/`)
  const body = new URLSearchParams(form.fields)
  const answer = await fetch(form.action, { method: 'POST', body, redirect: 'manual' })
  expect([answer.status, answer.headers.getSetCookie()]).toEqual([303, []])
  return visitor.open(String(answer.headers.get('location')))
}

async function recordOf(email: string): Promise<string> {
  const { body } = await ask(shop.server, OWNER, 'GET', `/v1/customers?search=${encodeURIComponent(email)}`)
  const record = JSON.stringify(body)
  expect(record).toContain(email)
  return record
}

test('Apple: a form of another site finds its sign-in, the key of the team proves the client, and texts are truths', async () => {
  apple.person = {
    sub: '001.apple',
    email: 'x7k2@privaterelay.appleid.com',
    email_verified: 'true',
    is_private_email: 'true',
  }
  expect(isSignedIn(await comeByApple(shop.visitor()))).toBe(true)
  expect(apple.asked.at(-1)?.get('response_mode')).toBe('form_post')
})

test('Apple: the name that comes once is kept until there is an account', async () => {
  apple.person = { sub: '002.apple', email: 'nora@mail.example', email_verified: 'false' }
  apple.user = JSON.stringify({ name: { firstName: 'Nora', lastName: 'Lind' }, email: 'nora@mail.example' })
  await comeByApple(shop.visitor())
  apple.person = { ...apple.person, email_verified: 'true' }
  expect(isSignedIn(await comeByApple(shop.visitor()))).toBe(true)
  expect(await recordOf('nora@mail.example')).toMatch(/"givenName":"Nora","familyName":"Lind"/)
})

test.each([
  ['broken JSON', '{"name":'],
  ['a text', '"text"'],
  ['a number', '{"name":{"firstName":7}}'],
  ['too long', JSON.stringify({ name: { firstName: 'x'.repeat(3000) } })],
  ['mark-up', JSON.stringify({ name: { firstName: '<b>Win</b>', lastName: 'https://evil.example' } })],
])('Apple: a name that is none is left out: %s', async (what, user) => {
  const email = `${what.replaceAll(/\W/g, '-').toLowerCase()}@icloud.com`
  apple.person = { sub: what, email, email_verified: true }
  apple.user = user
  expect(isSignedIn(await comeByApple(shop.visitor()))).toBe(true)
  expect(await recordOf(email)).not.toMatch(/givenName|familyName/)
})

test('Apple: a relay address does not open an account that has it', async () => {
  const customer = await shop.addCustomer({ email: 'relayed@privaterelay.appleid.com' })
  apple.person = { sub: '003.apple', email: customer.email, email_verified: true, is_private_email: true }
  expect((await comeByApple(shop.visitor())).html).toContain('You already have an account with this address.')
})

test('Google: the issuer is the same with and without its scheme', async () => {
  google.person = { sub: 'g1', email: 'somebody@gmail.com', email_verified: true }
  expect(isSignedIn(await comeBy(shop.visitor(), 'google'))).toBe(true)
  google.person = { ...google.person, iss: google.issuer.replace('http://', '') }
  expect(isSignedIn(await comeBy(shop.visitor(), 'google'))).toBe(true)
  expect(google.proof?.fields.get('client_secret')).toBe(google.secret)
})

test('Google: no address opens an account that is there, not even one that Google runs', async () => {
  for (const [email, hd] of [
    ['owner@gmail.com', undefined],
    ['owner@company.example', 'company.example'],
    ['owner@elsewhere.example', undefined],
  ] as const) {
    await shop.addCustomer({ email })
    google.person = { sub: `of ${email}`, email, email_verified: true, ...(hd && { hd }) }
    const page = await comeBy(shop.visitor(), 'google')
    expect([email, page.html.includes('You already have an account with this address.')]).toEqual([email, true])
  }
})

test.each([
  ['of the domain', { hd: 'company.example' }, true],
  ['of another domain', { hd: 'other.example' }, false],
  ['of no domain', {}, false],
])('Google: where a hosted domain is asked for, somebody %s', async (_, claims, isTaken) => {
  const id = `workspace-${Object.values(claims).join('').replaceAll('.', '-') || 'none'}`
  const workspace = await shop.addProvider(id, 'google', { hosted_domain: 'company.example' })
  workspace.person = { sub: 'w1', email: `${id}@company.example`, email_verified: true, ...claims }
  const page = await comeBy(shop.visitor(), id)
  expect([isSignedIn(page), workspace.asked[0]?.get('hd')]).toEqual([isTaken, 'company.example'])
})

test('Entra: the tenant of the token is the issuer, and its people may come in whose tenant is allowed', async () => {
  entra.person = { sub: 'e1', email: 'e1@tenant.example', xms_edov: '1' }
  expect(isSignedIn(await comeBy(shop.visitor(), 'entra'))).toBe(true)
  expect(await recordOf('e1@tenant.example')).toContain('"emailVerified":true')
})

test.each([
  ['of a tenant that is not allowed', (base: string, other: string) => ({ tid: other, iss: `${base}/${other}/v2.0` })],
  ['whose issuer is another tenant than it says', (base: string, other: string) => ({ iss: `${base}/${other}/v2.0` })],
  ['without a tenant', () => ({ tid: undefined })],
  ['whose issuer is the template', (base: string) => ({ iss: `${base}/{tenantid}/v2.0` })],
])('Entra: a token %s is refused', async (_, claimsOf) => {
  const other = '99999999-0000-4000-8000-000000000000'
  entra.person = {
    sub: 'e2',
    email: 'e2@tenant.example',
    xms_edov: true,
    ...claimsOf(new URL(entra.issuer).origin, other),
  }
  expect((await comeBy(shop.visitor(), 'entra')).status).toBe(502)
})

test('Entra: an address is not believed unless the owner of its domain was checked', async () => {
  const customer = await shop.addCustomer()
  for (const claims of [{}, { email_verified: undefined }, { xms_edov: false }, { xms_edov: '0' }]) {
    entra.person = { sub: 'e3', email: customer.email, ...claims }
    const page = await comeBy(shop.visitor(), 'entra')
    expect([page.url.includes('/sent/registration'), isSignedIn(page)]).toEqual([true, false])
  }
})

test('the claims of tokens are those of the account here', async () => {
  google.person = {
    sub: 'g9',
    email: 'claims@gmail.com',
    email_verified: true,
    given_name: 'Nora',
    family_name: 'Lind',
  }
  await comeBy(shop.visitor(), 'google')
  const visitor = shop.visitor()
  await visitor.submit(await visitor.open('/recovery'), '/recovery', { login: 'claims@gmail.com' })
  const { link } = await shop.sink.mailTo('claims@gmail.com')
  const fields = { password: 'a password of their own', repeated: 'a password of their own' }
  await visitor.submit(await visitor.open(link), '/recovery/new', fields)
  const tokens = await tokensOf(shop.server.url, {
    username: 'claims@gmail.com',
    password: fields.password,
    scope: 'openid profile email',
  })
  expect(await (await userinfo(shop.server.url, tokens.access_token)).json()).toMatchObject({
    email_verified: true,
    given_name: 'Nora',
    family_name: 'Lind',
  })
  // Google runs the mailbox, so that whoever recovered by it is the person there.
  expect(isSignedIn(await comeBy(shop.visitor(), 'google'))).toBe(true)
})
