import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fromPreset } from '../../src/clients/presets.ts'
import { ask, OWNER } from '../admin/administrators.ts'
import { EVERY_DIALECT } from '../attacks/password-endpoints.ts'
import { runCommand } from '../cli/run-command.ts'
import { implicitToken, postData } from '../dialects/elastic-path/endpoints.ts'
import { basicAuth, postForm, postJson } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const PASSWORD = { username: 'sonia@spryker.com', password: 'change123' }
const SECRET = 'a-secret-of-the-confidential-client'
const CALLBACK = 'http://localhost:8080/callback'
const SOON = '2999-06-30'
const OVER = '2026-06-30'

let server: TestServer
let refreshToken: string
beforeAll(async () => {
  server = await startTestServer(
    {
      ADMIN_TOKEN: OWNER,
      ...EVERY_DIALECT,
      DIALECT_CLIENTS: EVERY_DIALECT.DIALECTS.split(',')
        .map((name) => `${name}=storefront`)
        .join(','),
      SLAS_LOGIN_INTERVAL_SECONDS: '0',
    },
    { captureLog: true },
  )
  const storefront = fromPreset('dialect', { clientId: 'storefront', redirectUris: [], isThirdParty: false })
  await create(storefront)
  const project = { ...storefront, client_id: 'project', token_endpoint_auth_method: 'client_secret_basic' }
  const codes = { grant_types: [...(storefront.grant_types ?? []), 'authorization_code'], redirect_uris: [CALLBACK] }
  await create({ ...project, ...codes, application_type: 'native' }, SECRET)
})
afterAll(() => server?.stop())

async function create(metadata: object, secret?: string): Promise<void> {
  const answer = await ask(server, OWNER, 'POST', '/v1/clients', { metadata, secret })
  expect(answer.status, JSON.stringify(answer.body)).toBe(201)
}

async function update(clientId: string, members: object) {
  const { body } = await ask(server, OWNER, 'GET', `/v1/clients/${clientId}`)
  const metadata = { ...(body.metadata as object), ...members }
  return ask(server, OWNER, 'PUT', `/v1/clients/${clientId}`, { metadata }, { 'If-Match': '*' })
}

async function endPasswordsOn(day: string): Promise<void> {
  for (const id of ['storefront', 'project'])
    expect((await update(id, { grants_sunset: { password: day } })).status).toBe(200)
}

const passwordGrant = () =>
  postForm(`${server.url}/token`, { grant_type: 'password', client_id: 'storefront', ...PASSWORD })
const refresh = () =>
  postForm(`${server.url}/token`, {
    grant_type: 'refresh_token',
    client_id: 'storefront',
    refresh_token: refreshToken,
  })

const MUTATION = `mutation { generateCustomerToken(email: "${PASSWORD.username}", password: "${PASSWORD.password}") { token } }`
const ELASTIC = { type: 'token', authentication_mechanism: 'password', email: PASSWORD.username, ...PASSWORD }

/** Where a password buys tokens in the words of a shop system. */
const ENDPOINTS: readonly [string, () => Promise<Response>][] = [
  [
    'spryker /access-tokens',
    () => postJson(`${server.url}/access-tokens`, { data: { type: 'access-tokens', attributes: PASSWORD } }),
  ],
  ['spryker /token', () => postForm(`${server.url}/token`, { grant_type: 'password', ...PASSWORD })],
  [
    'elastic-path /v2/customers/tokens',
    async () =>
      postData(`${server.url}/v2/customers/tokens`, ELASTIC, `Bearer ${await implicitToken(server.url, 'storefront')}`),
  ],
  ['magento REST', () => postJson(`${server.url}/rest/V1/integration/customer/token`, PASSWORD)],
  ['magento GraphQL', () => postJson(`${server.url}/graphql`, { query: MUTATION })],
  [
    'commercetools',
    () =>
      postForm(
        `${server.url}/oauth/shop/customers/token`,
        { grant_type: 'password', ...PASSWORD },
        basicAuth('project', SECRET),
      ),
  ],
  [
    'sap-commerce',
    () =>
      postForm(
        `${server.url}/authorizationserver/oauth/token`,
        { grant_type: 'password', ...PASSWORD },
        basicAuth('project', SECRET),
      ),
  ],
  [
    'slas /login',
    () =>
      postForm(
        `${server.url}/shopper/auth/v1/organizations/f_ecom_zzrf_001/oauth2/login`,
        { client_id: 'project', redirect_uri: CALLBACK, channel_id: 'RefArch' },
        { authorization: `Basic ${btoa(`${PASSWORD.username}:${PASSWORD.password}`)}` },
      ),
  ],
]

describe('before the day that a client’s grants_sunset names', () => {
  beforeAll(() => endPasswordsOn(SOON))

  test('tokens are issued, and the answer says when that ends', async () => {
    const answer = await passwordGrant()
    expect([answer.status, answer.headers.get('sunset')]).toEqual([200, 'Sun, 30 Jun 2999 00:00:00 GMT'])
    expect(answer.headers.get('deprecation')).toBe(`@${Date.parse(SOON) / 1000 - 180 * 86_400}`)
    refreshToken = ((await answer.json()) as { refresh_token: string }).refresh_token
  })

  test('a wrong password is answered with the day, too', async () => {
    const fields = { grant_type: 'password', client_id: 'storefront', ...PASSWORD, password: 'wrong' }
    const answer = await postForm(`${server.url}/token`, fields)
    expect([answer.status, answer.headers.has('sunset')]).toEqual([400, true])
  })

  test('other grant types and other clients are told of no end', async () => {
    const refreshed = await refresh()
    const fields = { grant_type: 'password', client_id: 'frontend', ...PASSWORD }
    const ofAnother = await postForm(`${server.url}/token`, fields)
    refreshToken = ((await refreshed.json()) as { refresh_token: string }).refresh_token
    expect(
      [refreshed, ofAnother].map(({ status, headers }) => [status, headers.has('sunset'), headers.has('deprecation')]),
    ).toEqual([
      [200, false, false],
      [200, false, false],
    ])
  })

  test.each(ENDPOINTS)('%s says so as well', async (_, signIn) => {
    const answer = await signIn()
    expect([answer.status < 400, answer.headers.get('sunset')]).toEqual([true, 'Sun, 30 Jun 2999 00:00:00 GMT'])
  })
})

describe('from that day on', () => {
  beforeAll(() => endPasswordsOn(OVER))

  test('the grant type is refused with the way out, right password or wrong', async () => {
    for (const password of [PASSWORD.password, 'wrong']) {
      const fields = { grant_type: 'password', client_id: 'storefront', ...PASSWORD, password }
      const answer = await postForm(`${server.url}/token`, fields)
      expect([answer.status, await answer.json()]).toEqual([
        400,
        {
          error: 'unauthorized_client',
          error_description:
            'the grant type password ended for this client on 2026-06-30: send people to the authorization endpoint and use authorization_code with PKCE',
        },
      ])
      expect(answer.headers.get('sunset')).toBe('Tue, 30 Jun 2026 00:00:00 GMT')
    }
  })

  test('who signed in before goes on', async () => {
    expect((await refresh()).status).toBe(200)
  })

  test.each(ENDPOINTS)(
    '%s is gone in its own words, and no operator is told that the client is wrong',
    async (_, signIn) => {
      const answer = await signIn()
      expect([answer.status, answer.headers.has('sunset')]).toEqual([410, true])
      expect(await answer.text()).toMatch(/no longer available|Gone/)
      expect(server.logLines.join('')).not.toContain('dialect.client-misconfigured')
    },
  )
})

test('tokens are counted by grant type, client and day, for API and command line', async () => {
  const { body } = await ask(server, OWNER, 'GET', '/v1/grant-types/uses')
  const today = new Date().toISOString().slice(0, 10)
  expect(body.items).toContainEqual({ grantType: 'password', clientId: 'project', day: today, count: 3 })
  expect(body.items).toContainEqual({ grantType: 'refresh_token', clientId: 'storefront', day: today, count: 2 })
  const environment = { ADMIN_URL: server.adminUrl, ADMIN_TOKEN: OWNER }
  const listed = await runCommand(['clients', 'uses', '--grant-type', 'password', '--json'], environment)
  const uses = (JSON.parse(listed.stdout) as { uses: { grantType: string; clientId: string }[] }).uses
  expect(new Set(uses.map(({ grantType }) => grantType))).toEqual(new Set(['password']))
  expect(uses.map(({ clientId }) => clientId).sort()).toEqual(['frontend', 'project', 'storefront'])
})

test.each([
  ['a day that is none', { password: '2027-02-30' }, /grants_sunset/],
  ['a moment', { password: '2027-06-30T00:00:00Z' }, /grants_sunset/],
  ['a grant type that the client lacks', { client_credentials: SOON }, /none of its grant_types/],
  ['a grant type of the prototype', JSON.parse(`{"__proto__":"${SOON}","constructor":"${SOON}"}`), /grants_sunset/],
  ['the refresh grant', { refresh_token: SOON }, /take it out of grant_types/],
  ['text', SOON, /grants_sunset/],
])('%s is refused when the client is stored, with the member', async (_, grants_sunset, sentence) => {
  const { status, body } = await update('storefront', { grants_sunset })
  expect([status, JSON.stringify(body)]).toEqual([400, expect.stringMatching(sentence)])
})
