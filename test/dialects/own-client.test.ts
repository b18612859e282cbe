import { globSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fromPreset } from '../../src/clients/presets.ts'
import { type ConfigError, DIALECT_NAMES, maskedConfig, readConfig } from '../../src/config.ts'
import { ask, OWNER } from '../admin/administrators.ts'
import { postForm, postJson } from '../support/http.ts'
import { PRODUCTION } from '../support/production.ts'
import { startTestServer, type TestServer, type TestSettings } from '../support/server.ts'

const ROOT = new URL('../../', import.meta.url)

function problemsOf(settings: TestSettings): readonly string[] {
  try {
    readConfig(settings)
    return []
  } catch (error) {
    return (error as ConfigError).problems
  }
}

describe('DIALECTS', () => {
  test('is none by default in production, and all that need no address of their own elsewhere', () => {
    expect(readConfig({ ...PRODUCTION, ISSUER: 'https://id.shop.example' }).DIALECTS).toEqual([])
    for (const NODE_ENV of ['development', 'test'])
      expect(readConfig({ NODE_ENV }).DIALECTS).toEqual(['spryker', 'elastic-path', 'magento', 'commercetools'])
  })

  test.each(['development', 'test', 'production'])('none serves none with NODE_ENV=%s', (NODE_ENV) => {
    const settings = { ...PRODUCTION, NODE_ENV, ISSUER: 'https://id.shop.example' }
    expect(readConfig({ ...settings, DIALECTS: 'none' }).DIALECTS).toEqual([])
    expect(readConfig({ ...settings, DIALECTS: ' none ' }).DIALECTS).toEqual([])
  })

  test('none is shown by "vestibule config" as none', () => {
    expect(maskedConfig(readConfig({ DIALECTS: 'none' })).DIALECTS).toBe('(none)')
  })

  test('none beside a name is refused', () => {
    expect(problemsOf({ DIALECTS: 'none,spryker' })).toEqual([expect.stringMatching(/^DIALECTS .*must be none, or/)])
  })

  test.each(DIALECT_NAMES)('%s without an entry in DIALECT_CLIENTS is refused with the fix', (name) => {
    const others = DIALECT_NAMES.filter((other) => other !== name).map((other) => `${other}=shop`)
    const refused = [
      { ...PRODUCTION, DIALECTS: name },
      { ...PRODUCTION, DIALECTS: name, DIALECT_CLIENTS: others.join(',') },
      { DIALECTS: name, DIALECT_CLIENTS: others.join(',') },
    ]
    for (const settings of refused)
      expect(problemsOf(settings)).toEqual([
        expect.stringMatching(new RegExp(`^DIALECTS names "${name}".*Add ${name}=CLIENT_ID to DIALECT_CLIENTS`)),
      ])
    expect(problemsOf({ ...PRODUCTION, DIALECTS: name, DIALECT_CLIENTS: `${name}=shop` })).toEqual([])
  })
})

test('the preset "dialect" has every grant type of ours that a dialect asks for', () => {
  const texts = (glob: string) => globSync(glob, { cwd: ROOT }).map((path) => readFileSync(new URL(path, ROOT), 'utf8'))
  const grants = new Map(
    texts('src/oauth/grants/*.ts').flatMap((text) =>
      [...text.matchAll(/const (\w+_GRANT) = '([^']+)'/g)].map(([, name = '', grant = '']) => [name, grant] as const),
    ),
  )
  const dialects = texts('src/dialects/**/*.ts').join('\n')
  const asked = [...grants]
    .filter(([name, grant]) => dialects.includes(name) || dialects.includes(`'${grant}'`))
    // For clients with a secret that an operator trusts with every customer.
    .filter(([name]) => name !== 'TRUSTED_SYSTEM_GRANT')
  expect(asked.length).toBeGreaterThan(4)
  const { grant_types } = fromPreset('dialect', { clientId: 'shop', redirectUris: [], isThirdParty: false })
  expect(grant_types).toEqual(expect.arrayContaining(asked.map(([, grant]) => grant)))
})

type Said = Readonly<Record<string, unknown>> & readonly unknown[]
const isJsonApi = (said: Said) => Array.isArray(said.errors) && 'detail' in said.errors[0]
const isOAuth = (said: Said) => said.error === 'temporarily_unavailable'
const isBareList = (said: Said) => Array.isArray(said) && 'message' in said[0]
const isElastic = (said: Said) => Array.isArray(said.errors) && 'title' in said.errors[0]
const isMagento = (said: Said) => typeof said.message === 'string'
const SLAS = '/shopper/auth/v1/organizations/f_ecom_zzrf_001/oauth2'
const isSlas = (said: Said) => said.status_code === '503' && typeof said.message === 'string'
const isEnvelope = (said: Said) => said.statusCode === 503 && Array.isArray(said.errors)

const isBusy = (said: Said) => said.error === 'temporarily_unavailable' && 'error_description' in said
const isOcc = (said: Said) => Array.isArray(said.errors) && 'type' in said.errors[0]

const PASSWORD = { username: 'sonia@spryker.com', password: 'change123' }
const attributes = { type: 'access-tokens', attributes: PASSWORD }
const BACK_OFFICE = { grant_type: 'password', ...PASSWORD }
/** An endpoint that asks for tokens, and perhaps one that does not, of each dialect. */
const ENDPOINTS: readonly [string, string, unknown, (said: Said) => boolean][] = [
  ['spryker', '/access-tokens', { data: attributes }, isJsonApi],
  ['spryker', '/agent-access-tokens', { data: { ...attributes, type: 'agent-access-tokens' } }, isJsonApi],
  ['spryker', '/refresh-tokens', { data: { type: 'refresh-tokens', attributes: { refreshToken: 'x' } } }, isJsonApi],
  ['spryker', '/token', BACK_OFFICE, (said) => isOAuth(said) || isBareList(said)],
  ['spryker-backend', '/bapi/token', BACK_OFFICE, isBareList],
  ['elastic-path', '/oauth/access_token', { grant_type: 'implicit', client_id: 'missing' }, isElastic],
  ['elastic-path', '/v2/customers/tokens', { data: { type: 'token', email: 'a@b.example', password: 'x' } }, isElastic],
  ['magento', '/rest/V1/integration/customer/token', PASSWORD, isMagento],
  ['magento', '/rest/V1/integration/admin/token', PASSWORD, isMagento],
  ['magento', '/graphql', { query: '{ customer { email } }' }, (said) => 'errors' in said || isMagento(said)],
  ['commercetools', '/oauth/shop/customers/token', BACK_OFFICE, isEnvelope],
  ['slas', `${SLAS}/token`, { grant_type: 'client_credentials' }, isSlas],
  ['slas', `${SLAS}/login`, {}, isSlas],
  ['commercetools', '/oauth/token', { grant_type: 'client_credentials' }, isEnvelope],
  ['sap-commerce', '/authorizationserver/oauth/token', BACK_OFFICE, isBusy],
  ['sap-commerce', '/authorizationserver/oauth/revoke', { token: 'x' }, isBusy],
  ['sap-commerce', '/occ/v2/electronics/users/anonymous/verificationToken', { loginId: 'a' }, isOcc],
]

describe('a client of DIALECT_CLIENTS that does not exist', () => {
  let server: TestServer
  beforeAll(async () => {
    const settings: TestSettings = {
      ...PRODUCTION,
      DEMO: 'false',
      ADMIN_TOKEN: 'Wm3tKz8vQx5nRb1jYh6cSg9pLd4fTe7u',
      DIALECTS: DIALECT_NAMES.join(','),
      DIALECT_CLIENTS: DIALECT_NAMES.map((name) => `${name}=${name === 'magento' ? 'late' : 'missing'}`).join(','),
      DIALECT_MOUNTS: 'spryker-backend=/bapi',
    }
    server = await startTestServer(settings, { captureLog: true })
  })
  afterAll(() => server?.stop())

  const warnings = () =>
    server.logLines
      .map((line) => JSON.parse(line) as Record<string, string>)
      .filter(({ event }) => event === 'dialect.client-missing')

  test('is a warning at start for each dialect', () => {
    const atStart = warnings().filter(({ requestId }) => requestId === undefined)
    expect(atStart.map(({ level, dialect, clientId }) => [level, dialect, clientId])).toEqual(
      DIALECT_NAMES.map((name) => ['warn', name, name === 'magento' ? 'late' : 'missing']),
    )
  })

  test.each(ENDPOINTS)(
    'is 503 in the words of %s at %s, with a line in the log',
    async (dialect, path, body, isOwn) => {
      const answer = await postJson(server.url + path, body)
      const said = (await answer.json()) as Said
      expect([answer.status, isOwn(said)], JSON.stringify(said)).toEqual([503, true])
      expect(answer.headers.get('retry-after')).toBe('60')
      const requestId = answer.headers.get('x-request-id')
      expect(warnings()).toContainEqual(expect.objectContaining({ dialect, requestId, level: 'warn' }))
      expect(server.logLines.filter((line) => line.includes('"request.failed"'))).toEqual([])
    },
  )

  test('leaves a path that a dialect shares with OAuth to OAuth', async () => {
    const answer = await postForm(`${server.url}/token`, { grant_type: 'password', client_id: 'missing', ...PASSWORD })
    expect([answer.status, await answer.json()]).toEqual([401, expect.objectContaining({ error: 'invalid_client' })])
  })

  test('is no problem any more once the client is created, without a restart', async () => {
    const url = `${server.url}/rest/V1/integration/customer/token`
    expect((await postJson(url, PASSWORD)).status).toBe(503)
    const metadata = {
      client_id: 'late',
      token_endpoint_auth_method: 'none',
      grant_types: ['password'],
      redirect_uris: [],
      response_types: [],
      first_party: true,
    }
    const token = server.config.ADMIN_TOKEN?.[0] ?? OWNER
    expect((await ask(server, token, 'POST', '/v1/clients', { metadata })).status).toBe(201)
    expect((await postJson(url, PASSWORD)).status, 'a wrong password').toBe(401)
  })
})
