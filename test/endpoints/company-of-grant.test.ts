import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { postForm, postJson, readForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { waitFor } from '../support/wait-for.ts'
import {
  authorizationUrl,
  CALLBACK,
  decode,
  introspect,
  obtainCode,
  ordersService,
  pkce,
  read,
  redeem,
  refresh,
  signIn,
  type Tokens,
  tokensOf,
  userinfo,
} from './client.ts'

const PASSWORD = 'correct horse battery staple'
const SCOPE = 'openid customer company'
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const COMPANY_USER = 'urn:vestibule:grant:company-user'
const RESOURCE = 'urn:vestibule:commerce'
/** Chosen where the person acts for no company. */
const NOBODY = 'none'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER, DIALECTS: 'spryker' })
})
afterAll(() => server?.stop())

/** A customer of two companies, none of them the default, who may make one of them the default. */
async function newBuyer() {
  const reference = randomUUID()
  const [north, south] = [randomUUID(), randomUUID()] as const
  const companyUsers = (defaultId?: string) =>
    [north, south].map((id) => ({
      id,
      company: { id: id.replace(/^./, 'c'), name: `Company ${id}` },
      isActive: true,
      isDefault: id === defaultId,
      roles: [{ name: 'Buyer', permissions: [{ key: 'Order', configuration: {} }] }],
    }))
  const email = `${reference}@example.com`
  const record = { customerReference: reference, email, emailVerified: true, companyUsers: companyUsers() }
  const made = await ask(server, OWNER, 'POST', '/v1/customers', { ...record, password: PASSWORD })
  expect(made.status, JSON.stringify(made.body)).toBe(201)
  return {
    north,
    south,
    login: { username: email, password: PASSWORD },
    async makeDefault(id: string) {
      const path = `/v1/customers/${reference}/company-users`
      const put = await ask(server, OWNER, 'PUT', path, { companyUsers: companyUsers(id) }, { 'If-Match': '*' })
      expect(put.status, JSON.stringify(put.body)).toBe(200)
    },
  }
}

type Buyer = Awaited<ReturnType<typeof newBuyer>>
type Way = {
  readonly name: string
  readonly choose: (buyer: Buyer, company_user_id: string) => Promise<Partial<Tokens> & Pick<Tokens, 'access_token'>>
  /** There is no choice of a private person in the dialect's words. */
  readonly isOfCompaniesOnly?: true
}

const WAYS: readonly Way[] = [
  {
    name: 'the password grant',
    choose: ({ login }, company_user_id) => tokensOf(server.url, { ...login, scope: SCOPE, company_user_id }),
  },
  {
    name: 'an authorization request',
    async choose({ login }, company_user_id) {
      const { code, verifier, callback } = await obtainCode(server.url, { scope: SCOPE, company_user_id }, { login })
      expect(callback.searchParams.get('error')).toBe(null)
      return (await read(redeem(server.url, code, verifier))).body
    },
  },
  { name: 'the page of the sign-in', choose: chooseOnPage },
  {
    name: 'a refresh',
    async choose({ login, north, south }, company_user_id) {
      const before = company_user_id === north ? south : north
      const { refresh_token } = await tokensOf(server.url, { ...login, scope: SCOPE, company_user_id: before })
      return (await read(refresh(server.url, refresh_token, { company_user_id }))).body
    },
  },
  {
    name: 'a token exchange',
    async choose({ login, north, south }, company_user_id) {
      const company = company_user_id === north ? south : north
      const { access_token } = await tokensOf(server.url, { ...login, scope: SCOPE, company_user_id: company })
      const form = {
        grant_type: EXCHANGE,
        subject_token: access_token,
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        resource: RESOURCE,
        company_user_id,
      }
      return (await read(postForm(`${server.url}/token`, form, ordersService))).body
    },
  },
  {
    name: 'the company-user endpoint of Spryker',
    isOfCompaniesOnly: true,
    async choose({ login }, idCompanyUser) {
      const attributes = { username: login.username, password: PASSWORD }
      const first = await read(postJson(`${server.url}/access-tokens`, { data: { type: 'access-tokens', attributes } }))
      const { accessToken } = first.body.data.attributes
      const type = 'company-user-access-tokens'
      const headers = { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' }
      const body = JSON.stringify({ data: { type, attributes: { idCompanyUser } } })
      const { body: second } = await read(fetch(`${server.url}/${type}`, { method: 'POST', headers, body }))
      return { access_token: second.data.attributes.accessToken, refresh_token: second.data.attributes.refreshToken }
    },
  },
  {
    name: 'the company-user grant',
    isOfCompaniesOnly: true,
    async choose({ login }, company_user_id) {
      const service = { grant_type: COMPANY_USER, client_id: 'frontend', resource: RESOURCE }
      const { access_token } = await tokensOf(server.url, { ...login, scope: SCOPE })
      const form = { ...service, subject_token: access_token, company_user_id }
      return (await read(postForm(`${server.url}/token`, form))).body
    },
  },
]

async function chooseOnPage({ login }: Buyer, choice: string): Promise<Tokens> {
  const jar = createCookieJar()
  const { verifier, challenge } = pkce()
  const fields = { scope: SCOPE, code_challenge: challenge, code_challenge_method: 'S256' }
  const first = await jar.follow(await jar.fetch(authorizationUrl(server.url, fields)), { stopAt: CALLBACK })
  const page = await signIn(jar, first, login)
  const form = readForm(await page.response.text(), page.url)
  const body = new URLSearchParams({ ...form.fields, company: choice === NOBODY ? '' : choice })
  const after = await jar.follow(await jar.fetch(form.action, { method: 'POST', body }), { stopAt: CALLBACK })
  const code = new URL(after.url).searchParams.get('code') ?? ''
  return (await read(redeem(server.url, code, verifier))).body
}

/** As which company user the tokens act, at every place that says it. */
async function said({ access_token, id_token, refresh_token }: Partial<Tokens> & Pick<Tokens, 'access_token'>) {
  const scopes = String(decode(access_token).payload.scope ?? '').split(' ')
  const places: Record<string, unknown> = {
    accessToken: ofAccessToken(access_token),
    introspection: (await introspect(server.url, access_token)).id_company_user,
  }
  if (id_token) places.idToken = decode(id_token).payload.id_company_user
  if (scopes.includes('openid')) {
    const { status, body } = await read(userinfo(server.url, access_token))
    if (status === 200) places.userinfo = body.id_company_user
  }
  if (refresh_token) {
    const { body } = await read(postForm(`${server.url}/introspect`, { token: refresh_token }, ordersService))
    if (body.active) places.refreshToken = body.id_company_user
  }
  return places
}

function ofAccessToken(value: string): unknown {
  return decode(value).payload.id_company_user
}

async function audited(sub: string): Promise<string[]> {
  const { body } = await ask(server, OWNER, 'GET', `/v1/audit?customerId=${sub}&type=company.chosen&limit=50`)
  return (body as unknown as { items: { reason: string }[] }).items.map(({ reason }) => reason)
}

const CHOICES = WAYS.flatMap((way) =>
  (way.isOfCompaniesOnly ? (['south'] as const) : (['south', NOBODY] as const)).map((choice) => ({ ...way, choice })),
)

describe('a choice of a company belongs to the grant', () => {
  test.each(CHOICES)('$name: $choice, at every place, after a refresh too', async ({ choose, choice }) => {
    const buyer = await newBuyer()
    const chosen = choice === NOBODY ? NOBODY : buyer.south
    const tokens = await choose(buyer, chosen)
    expect(tokens.access_token, JSON.stringify(tokens)).toBeDefined()
    const expected = chosen === NOBODY ? null : chosen
    const places = await said(tokens)
    expect(places).toEqual(Object.fromEntries(Object.keys(places).map((place) => [place, expected])))
    // A default that comes later is for sign-ins that come later.
    await buyer.makeDefault(buyer.north)
    const later = await said(tokens)
    expect(later).toEqual(Object.fromEntries(Object.keys(later).map((place) => [place, expected])))
    if (tokens.refresh_token) {
      const { status, body } = await read(refresh(server.url, tokens.refresh_token))
      expect(status, JSON.stringify(body)).toBe(200)
      const refreshed = await said(body)
      expect(refreshed).toEqual(Object.fromEntries(Object.keys(refreshed).map((place) => [place, expected])))
      const twice = await read(refresh(server.url, body.refresh_token))
      expect(ofAccessToken(twice.body.access_token)).toBe(expected)
    }
    const { sub, customer_id = sub } = decode(tokens.access_token).payload as { sub: string; customer_id?: string }
    const reason = chosen === NOBODY ? 'a private person' : `company user ${chosen}`
    await waitFor(async () => (await audited(customer_id)).includes(reason), { what: `an entry of ${reason}` })
  })

  test('what an access token says stays, while the sign-in goes on as somebody else', async () => {
    const buyer = await newBuyer()
    const first = await tokensOf(server.url, { ...buyer.login, scope: SCOPE, company_user_id: NOBODY })
    const { body: second } = await read(refresh(server.url, first.refresh_token, { company_user_id: buyer.south }))
    const { body: third } = await read(refresh(server.url, second.refresh_token, { company_user_id: NOBODY }))
    const acting = async (token: string) => (await introspect(server.url, token)).id_company_user
    expect(await Promise.all([first, second, third].map((tokens) => acting(tokens.access_token)))).toEqual([
      null,
      buyer.south,
      null,
    ])
  })
})
