import { createHash, randomBytes } from 'node:crypto'
import { gateway, MemoryStorageFactory } from '@elasticpath/js-sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCookieJar } from '../../support/cookie-jar.ts'
import { basicAuth, postForm, readForm } from '../../support/http.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'
import { implicitToken, member, postData, RON_ID } from './endpoints.ts'

const ADMIN_TOKEN = 'an-admin-token-for-tests'
const OPERATOR = { authorization: `Bearer ${ADMIN_TOKEN}` }
const CALLBACK = 'http://localhost:8080/callback'

let server: TestServer
let bearer: string

beforeAll(async () => {
  server = await startTestServer({ DIALECTS: 'elastic-path', ADMIN_TOKEN })
  const path = `${server.adminUrl}/v1/clients/frontend`
  const found = await fetch(path, { headers: OPERATOR })
  const { metadata } = (await found.json()) as { metadata: object }
  const changed = await fetch(path, {
    method: 'PUT',
    headers: { ...OPERATOR, 'content-type': 'application/json', 'if-match': found.headers.get('etag') ?? '' },
    body: JSON.stringify({ metadata: { ...metadata, company_choice: 'client' } }),
  })
  expect(changed.status, await changed.text()).toBe(200)
  bearer = await implicitToken(server.url)
})
afterAll(() => server.stop())

async function get(path: string): Promise<Record<string, never>> {
  const answer = await fetch(`${server.url}${path}`, { headers: { authorization: `Bearer ${bearer}` } })
  expect(answer.status).toBe(200)
  return (await answer.json()) as Record<string, never>
}

/** What a storefront does: it looks up client id, realm and page, and sends the person there. */
async function signInOnPage(settings: 'customer' | 'account', email: string, password: string) {
  const { data } = await get(`/v2/settings/${settings}-authentication`)
  const { meta, relationships } = data as unknown as {
    meta: { client_id: string }
    relationships: Record<string, never>
  }
  const realm = (relationships['authentication-realm'] ?? relationships.authentication_realm) as unknown as {
    data: { id: string }
  }
  const profiles = await get(`/v2/authentication-realms/${realm.data.id}/oidc-profiles`)
  const endpoint = (profiles.data as unknown as { links: Record<string, string> }[])[0]?.links['authorization-endpoint']

  const verifier = randomBytes(32).toString('base64url')
  const query = new URLSearchParams({
    client_id: meta.client_id,
    redirect_uri: CALLBACK,
    response_type: 'code',
    scope: 'openid email',
    state: 'abc',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  })
  const jar = createCookieJar()
  const page = await jar.follow(await jar.fetch(`${endpoint}?${query}`), { stopAt: CALLBACK })
  const form = readForm(await page.response.text(), page.url)
  const body = new URLSearchParams({ ...form.fields, login: email, password })
  const back = await jar.follow(await jar.fetch(form.action, { method: 'POST', body }), { stopAt: CALLBACK })
  return {
    authentication_mechanism: 'oidc',
    oauth_authorization_code: new URL(back.url).searchParams.get('code'),
    oauth_redirect_uri: CALLBACK,
    oauth_code_verifier: verifier,
  }
}

test('a customer who signed in on our page gets a customer token for the code, once', async () => {
  const oidc = await signInOnPage('customer', 'ron@swanson.com', 'mysecretpassword')
  const redeem = () => postData(`${server.url}/v2/customers/tokens`, { type: 'token', ...oidc }, `Bearer ${bearer}`)
  const answer = await redeem()
  const { data } = (await answer.json()) as { data: { token: string } }
  expect([answer.status, data]).toMatchObject([200, { type: 'token', customer_id: RON_ID }])
  const found = await postForm(
    `${server.url}/introspect`,
    { token: data.token },
    basicAuth('orders-service', 'orders-service-secret'),
  )
  expect(await found.json()).toMatchObject({ active: true, aud: 'urn:vestibule:dialect:elastic-path:customers' })
  expect((await redeem()).status).toBe(422)
})

test('the SDK brings the code of our page, and uses the token', async () => {
  const oidc = await signInOnPage('customer', 'ron@swanson.com', 'mysecretpassword')
  const shop = gateway({
    client_id: 'frontend',
    host: new URL(server.url).host,
    protocol: 'http',
    storage: new MemoryStorageFactory(),
  } as Parameters<typeof gateway>[0])
  const { oauth_authorization_code: code, oauth_code_verifier: verifier } = oidc
  const { data } = await shop.Customers.TokenViaOIDC(String(code), CALLBACK, verifier)
  expect(data).toMatchObject({ type: 'token', customer_id: RON_ID })
  expect((await shop.Customers.Get(RON_ID, data.token)).data).toMatchObject({ email: 'ron@swanson.com' })
})

test('a code with another verifier brings nothing', async () => {
  const oidc = await signInOnPage('customer', 'ron@swanson.com', 'mysecretpassword')
  const stolen = { type: 'token', ...oidc, oauth_code_verifier: randomBytes(32).toString('base64url') }
  expect((await postData(`${server.url}/v2/customers/tokens`, stolen, `Bearer ${bearer}`)).status).toBe(422)
})

test('an account member who signed in on our page gets a token for each account', async () => {
  const oidc = await signInOnPage('account', 'test@meetanshi.com', 'Meet@123')
  const answer = await postData(`${server.url}/v2/account-members/tokens`, member('oidc', oidc), `Bearer ${bearer}`)
  const { data } = (await answer.json()) as { data: { account_name: string }[] }
  expect(data.map(({ account_name }) => account_name)).toEqual(['Northern Hardware', 'Southern Supplies'])
})

test('password profiles can be looked up, and nothing without a bearer', async () => {
  expect((await get('/v2/authentication-realms/realm/password-profiles')).data).toMatchObject([
    { username_format: 'email' },
  ])
  expect((await fetch(`${server.url}/v2/settings/account-authentication`)).status).toBe(401)
})
