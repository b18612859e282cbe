import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { CALLBACK, pkce, redeem } from '../endpoints/client.ts'
import { openSignedIn } from '../interaction/account/account-visitor.ts'
import type { TestCustomer, Visitor } from '../interaction/hosted-shop.ts'
import { type CreationOptions, optionsOf } from '../interaction/passkey-visitor.ts'
import { createAuthenticator } from '../support/authenticator.ts'
import { type ShopWithUpstreams, startShopWithUpstreams } from '../upstreams/shop-with-upstreams.ts'

/** Every name that others chose and that the pages of a customer show, as mark-up that would run. */
const markUp = (what: string) => `<img src=x onerror=alert(1)> ${what}`
const encoded = (what: string) => `&lt;img src=x onerror=alert(1)&gt; ${what}`

let shop: ShopWithUpstreams
let customer: TestCustomer
let visitor: Visitor
/** The pages that somebody sees who signs in at the app and allows it something. */
let wayToTheApp: Awaited<ReturnType<typeof goToTheApp>>
const companyUsers = ['company', 'another company'].map((name) => ({
  id: randomUUID(),
  company: { id: randomUUID(), name: markUp(name) },
  isActive: true,
  isDefault: false,
  roles: [
    {
      id: randomUUID(),
      name: markUp('role'),
      permissions: [{ key: 'ManageCompanyUserInvitationPermissionPlugin', configuration: {} }],
    },
  ],
}))
const [own] = companyUsers as [(typeof companyUsers)[number]] // there are two

async function goToTheApp(): Promise<readonly (readonly [html: string, names: readonly string[]])[]> {
  const { verifier, challenge } = pkce()
  const [stranger, app] = [shop.visitor(), { client_id: 'hostile-app', scope: 'openid' }]
  const login = await stranger.openLogin({ ...app, code_challenge: challenge })
  const choice = await stranger.submit(login, '/login', { login: customer.email, password: customer.password })
  const consent = await stranger.submit(choice, '/company', { company: own.id })
  const allowed = await stranger.submit(consent, '/consent', { decision: 'allow' })
  const code = new URL(allowed.url).searchParams.get('code') ?? ''
  expect((await redeem(shop.server.url, code, verifier, { client_id: app.client_id })).status).toBe(200)
  return [
    [login.html, ['provider', 'app']],
    [choice.html, ['company', 'role']],
    [consent.html, ['app', 'company']],
  ]
}

beforeAll(async () => {
  shop = await startShopWithUpstreams()
  await shop.addProvider('hostile', 'oidc', { name: markUp('provider') })
  const metadata = {
    client_id: 'hostile-app',
    client_name: markUp('app'),
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: [CALLBACK],
    resource_scopes: [],
  }
  const { status, body } = await ask(shop.server, OWNER, 'POST', '/v1/clients', { metadata })
  expect([status, body.detail]).toEqual([201, undefined])
  customer = await shop.addCustomer()
  const customerReference = `test-${Number(customer.id.slice(-12))}`
  const name = { givenName: markUp('given name'), familyName: markUp('family name') }
  await shop.importRecord({ email: customer.email, customerReference, emailVerified: true, companyUsers, ...name })
  visitor = shop.visitor({ 'user-agent': `Mozilla/5.0 Firefox/1 ${markUp('browser')}` })
  await openSignedIn(visitor, customer)
  wayToTheApp = await goToTheApp()
  const form = await visitor.open('/account/security/passkey-new')
  const { json: credential } = createAuthenticator(shop.server.url).create(
    optionsOf<CreationOptions>(form, '/passkey-new'),
  )
  const { html } = await visitor.submit(form, '/passkey-new', { credential })
  const [rename = ''] = /\/account\/security\/passkey-name\?id=[\w-]+/.exec(html) ?? []
  await visitor.submit(await visitor.open(rename), '/passkey-name', { name: markUp('passkey') })
})
afterAll(() => shop?.stop())

/** Pages, with the names that are on them. */
const PAGES: readonly (readonly [string, () => string, readonly string[]])[] = [
  ['the account', () => '/account', ['given name']],
  ['the profile', () => '/account/profile', ['given name', 'family name']],
  ['the form of the profile', () => '/account/profile/edit', ['given name', 'family name']],
  ['the security', () => '/account/security', ['provider', 'passkey']],
  ['the devices', () => '/account/sessions', []],
  ['the apps', () => '/account/apps', ['app']],
  ['the companies', () => '/account/companies', ['company', 'role']],
  ['leaving a company', () => `/account/companies/leave?id=${own.id}`, ['company']],
  ['inviting to a company', () => `/account/companies/invite?id=${own.id}`, ['company', 'role']],
  ['the activity', () => '/account/activity', []],
]

test.each(PAGES)('names on the page of %s come out encoded', async (_, path, names) => {
  const { status, html } = await visitor.open(path())
  expect([status, html.includes('<img src=x')]).toEqual([200, false])
  for (const name of names) expect(html).toContain(encoded(name))
})

test('names on the way to an app come out encoded', () => {
  for (const [html, names] of wayToTheApp) {
    expect(html).not.toContain('<img src=x')
    for (const name of names) expect(html).toContain(encoded(name))
  }
})

test('the file with the data is no page, whatever is in it', async () => {
  const file = await visitor.submit(await visitor.open('/account/data/download'), '/download')
  expect([file.headers.get('content-type'), file.headers.get('x-content-type-options')]).toEqual([
    'application/json; charset=utf-8',
    'nosniff',
  ])
  expect(file.headers.get('content-disposition')).toMatch(/^attachment;/)
})
