import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { basicAuth, postForm } from '../../support/http.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'
import { implicitToken, postData, RON, RON_ID } from './endpoints.ts'

let server: TestServer
let bearer: string

beforeAll(async () => {
  server = await startTestServer({ DIALECTS: 'elastic-path' })
  bearer = await implicitToken(server.url)
})
afterAll(() => server.stop())

const TOKENS = '/v2/customers/tokens'
const invalid = (...details: string[]) => ({
  errors: details.map((detail) => ({ status: 422, title: 'Failed Validation', detail })),
})
const BAD_BEARER = { errors: [{ status: 401, title: 'Unable to validate access token' }] }
const plain = (title: string, status: string) => ({ errors: [{ title, status }] })

test.each([
  [{ grant_type: 'implicit', client_id: 'frontend' }, 'implicit'],
  [
    { grant_type: 'client_credentials', client_id: 'third-party-app', client_secret: 'third-party-app-secret' },
    'client_credentials',
  ],
])('%j gives a bearer at top level, with the moment it expires', async (fields, identifier) => {
  const answer = await postForm(`${server.url}/oauth/access_token`, fields)
  const body = (await answer.json()) as { expires: number }
  expect([answer.status, body]).toEqual([
    200,
    {
      expires: expect.any(Number),
      identifier,
      expires_in: 3600,
      access_token: expect.any(String),
      token_type: 'Bearer',
    },
  ])
  expect(Math.abs(body.expires - Date.now() / 1000 - 3600)).toBeLessThan(10)
})

test.each([
  ['an unknown client', 'grant_type=implicit&client_id=nobody', 401, plain('Unauthorized', '401')],
  ['no client', 'grant_type=implicit', 401, plain('Unauthorized', '401')],
  [
    'a wrong secret',
    'grant_type=client_credentials&client_id=third-party-app&client_secret=x',
    401,
    plain('Unauthorized', '401'),
  ],
  [
    'a client with a secret, without it',
    'grant_type=implicit&client_id=third-party-app',
    401,
    plain('Unauthorized', '401'),
  ],
  [
    'a public client that wants more',
    'grant_type=client_credentials&client_id=frontend',
    400,
    plain('Bad Request', '400'),
  ],
  ['another grant', 'grant_type=password&client_id=frontend', 400, plain('Bad Request', '400')],
  ['a field twice', 'grant_type=implicit&client_id=frontend&client_id=x', 400, plain('Bad Request', '400')],
  ['JSON', '{"grant_type":"implicit"}', 401, plain('Unauthorized', '401')],
  ['nothing', '', 401, plain('Unauthorized', '401')],
])('%s gets no bearer', async (_, body, status, expected) => {
  const answer = await fetch(`${server.url}/oauth/access_token`, { method: 'POST', body })
  expect([answer.status, await answer.json()]).toEqual([status, expected])
})

test.each([
  ['Bearer x', (token: string) => `Bearer ${token}`],
  ['bearer x', (token: string) => `bearer ${token}`],
  ['Bearer: x', (token: string) => `Bearer: ${token}`],
  ['x', (token: string) => token],
])('a customer signs in with a bearer written as "%s"', async (_, write) => {
  const answer = await postData(`${server.url}${TOKENS}`, RON, write(bearer))
  expect([answer.status, await answer.json()]).toEqual([
    200,
    {
      data: {
        type: 'token',
        id: expect.stringMatching(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/),
        customer_id: RON_ID,
        token: expect.any(String),
        expires: expect.any(Number),
      },
    },
  ])
})

test('a customer token is a signed JWT for a day that says who it is for', async () => {
  const answer = await postData(`${server.url}${TOKENS}`, { ...RON, email: 'RON@Swanson.com' }, `Bearer ${bearer}`)
  const { data } = (await answer.json()) as { data: { id: string; token: string; expires: number } }
  const { payload } = await jwtVerify(data.token, createRemoteJWKSet(new URL(`${server.url}/jwks`)))
  expect(payload).toMatchObject({ sub: RON_ID, name: 'Ron Swanson', jti: data.id })
  expect(Number(payload.exp) - Number(payload.iat)).toBe(86_400)
  expect(Math.abs(Number(payload.exp) - data.expires)).toBeLessThan(3)
})

test('a customer token is introspected, and dead once it is revoked', async () => {
  const answer = await postData(`${server.url}${TOKENS}`, RON, `Bearer ${bearer}`)
  const { data } = (await answer.json()) as { data: { token: string } }
  const introspect = async () =>
    (
      await postForm(
        `${server.url}/introspect`,
        { token: data.token },
        basicAuth('orders-service', 'orders-service-secret'),
      )
    ).json()
  expect(await introspect()).toMatchObject({ active: true, sub: RON_ID, client_id: 'frontend' })
  await postForm(`${server.url}/revoke`, { token: data.token, client_id: 'frontend' })
  expect(await introspect()).toEqual({ active: false })
})

test('a back-end’s bearer lets customers in as well', async () => {
  const fields = {
    grant_type: 'client_credentials',
    client_id: 'third-party-app',
    client_secret: 'third-party-app-secret',
  }
  const { access_token } = (await (await postForm(`${server.url}/oauth/access_token`, fields)).json()) as {
    access_token: string
  }
  const answer = await postData(`${server.url}${TOKENS}`, RON, `Bearer ${access_token}`)
  expect(answer.status).toBe(200)
})

const WRONG = {
  errors: [{ status: 422, title: 'Unprocessable Entity', detail: 'The email address or password is incorrect.' }],
}

test.each<[string, unknown, number, unknown]>([
  ['a wrong password', { ...RON, password: 'x' }, 422, WRONG],
  ['an unknown login', { ...RON, email: 'nobody@example.com' }, 422, WRONG],
  ['an unconfirmed address', { type: 'token', email: 'unconfirmed@example.com', password: 'change123' }, 422, WRONG],
  ['no e-mail', { type: 'token', password: 'x' }, 422, invalid('The data.email field is required.')],
  [
    'neither',
    { type: 'token' },
    422,
    invalid('The data.email field is required.', 'The data.password field is required.'),
  ],
  ['a list as e-mail', { ...RON, email: ['a'] }, 422, invalid('The data.email must be a string.')],
  ['no type', { ...RON, type: undefined }, 422, invalid('The data.type field is required.')],
  [
    'a mechanism nobody knows',
    { ...RON, authentication_mechanism: 'magic' },
    422,
    invalid('The selected data.authentication_mechanism is invalid.'),
  ],
  [
    'a mechanism called __proto__',
    { ...RON, authentication_mechanism: '__proto__' },
    422,
    invalid('The selected data.authentication_mechanism is invalid.'),
  ],
  [
    'a code nobody gave',
    {
      type: 'token',
      authentication_mechanism: 'oidc',
      oauth_authorization_code: 'x',
      oauth_redirect_uri: 'http://localhost:8080/callback',
      oauth_code_verifier: 'x'.repeat(43),
    },
    422,
    WRONG,
  ],
  ['no data', undefined, 422, invalid('The data field is required.')],
  ['a list as data', [], 422, invalid('The data field is required.')],
])('%s is refused without a 401, which would make the SDK try again', async (_, data, status, expected) => {
  const answer = await postData(`${server.url}${TOKENS}`, data, `Bearer ${bearer}`)
  expect([answer.status, await answer.json()]).toEqual([status, expected])
})

test('no bearer, a wrong one and a customer’s are 401', async () => {
  const signedIn = await postData(`${server.url}${TOKENS}`, RON, `Bearer ${bearer}`)
  const { data } = (await signedIn.json()) as { data: { token: string } }
  for (const authorization of ['', 'Bearer', 'Bearer x', `Bearer ${bearer}x`, `Bearer ${data.token}`, 'Basic eDp5']) {
    const answer = await postData(`${server.url}${TOKENS}`, RON, authorization)
    expect([answer.status, await answer.json()]).toEqual([401, BAD_BEARER])
  }
})

test('broken JSON is 400, and what is not there is 404 or 405', async () => {
  const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' }
  const broken = await fetch(`${server.url}${TOKENS}`, { method: 'POST', body: '{', headers })
  expect([broken.status, await broken.json()]).toMatchObject([400, { errors: [{ status: 400 }] }])
  expect((await fetch(`${server.url}${TOKENS}`, { method: 'DELETE', headers })).status).toBe(405)
  expect((await fetch(`${server.url}/v2/nothing`, { headers })).status).toBe(404)
})

test('ELASTIC_PATH_REFUSED_STATUS=401 gives a wrong password the status of the published description', async () => {
  const other = await startTestServer({ DIALECTS: 'elastic-path', ELASTIC_PATH_REFUSED_STATUS: '401' })
  const answer = await postData(
    `${other.url}${TOKENS}`,
    { ...RON, password: 'x' },
    `Bearer ${await implicitToken(other.url)}`,
  )
  expect([answer.status, await answer.json()]).toMatchObject([
    401,
    { errors: [{ status: 401, title: 'Unauthorized' }] },
  ])
  await other.stop()
})

test('a page may send the SDK’s headers from the client’s own origin', async () => {
  const preflight = await fetch(`${server.url}${TOKENS}`, {
    method: 'OPTIONS',
    headers: { origin: 'http://localhost:8080', 'access-control-request-method': 'POST' },
  })
  const allowed = preflight.headers.get('access-control-allow-headers')?.toLowerCase() ?? ''
  for (const name of [
    'x-moltin-sdk-language',
    'x-moltin-customer-token',
    'ep-account-management-authentication-token',
  ]) {
    expect(allowed).toContain(name)
  }
  const share = async (origin: string) =>
    (await postData(`${server.url}${TOKENS}`, RON, `Bearer ${bearer}`, { origin })).headers.get(
      'access-control-allow-origin',
    )
  expect(await share('http://localhost:8080')).toBe('http://localhost:8080')
  expect(await share('https://evil.example')).toBeNull()
})

test('customers may look at themselves, with their token in its own header, and at nobody else', async () => {
  const signedIn = await postData(`${server.url}${TOKENS}`, RON, `Bearer ${bearer}`)
  const { data } = (await signedIn.json()) as { data: { token: string } }
  const get = (id: string, headers: Record<string, string>) =>
    fetch(`${server.url}/v2/customers/${id}`, { headers: { authorization: `Bearer ${bearer}`, ...headers } })
  const own = await get(RON_ID, { 'X-Moltin-Customer-Token': data.token })
  expect(await own.json()).toEqual({
    data: {
      type: 'customer',
      id: RON_ID,
      name: 'Ron Swanson',
      email: 'ron@swanson.com',
      password: true,
      meta: { timestamps: { created_at: expect.any(String), updated_at: expect.any(String) } },
    },
  })
  expect((await get('ebf4b55a-cab0-5ed0-8fb7-525a3eeedeac', { 'X-Moltin-Customer-Token': data.token })).status).toBe(
    403,
  )
  expect((await get(RON_ID, {})).status).toBe(403)
  expect((await get(RON_ID, { 'X-Moltin-Customer-Token': bearer })).status).toBe(403)
})
