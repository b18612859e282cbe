import { createRemoteJWKSet, jwtVerify } from 'jose'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeOn } from '../support/describe-on.ts'
import { postJson } from '../support/http.ts'
import { startTestServer, type TestServer, type TestSettings } from '../support/server.ts'
import { createDatabase } from '../support/shared.ts'
import { introspect, ordersService, read, requestTokens, tokensOf } from './client.ts'

const ALL = ['ES256', 'RS256', 'PS256', 'EdDSA'] as const
const ADMIN_TOKEN = 'an-admin-token-for-tests'
const metadataOf = (algorithm: string) => ({
  resource_scopes: [],
  client_id: `app-${algorithm}`,
  grant_types: ['password', 'refresh_token'],
  token_endpoint_auth_method: 'none',
  id_token_signed_response_alg: algorithm,
})

async function start(settings: TestSettings): Promise<TestServer> {
  return startTestServer({ ADMIN_TOKEN, ...settings }, { captureLog: true })
}
const register = (server: TestServer, algorithm: string) =>
  read(
    postJson(
      `${server.adminUrl}/v1/clients`,
      { metadata: metadataOf(algorithm) },
      { authorization: `Bearer ${ADMIN_TOKEN}` },
    ),
  )
const advertised = async (server: TestServer) =>
  (await read(fetch(`${server.url}/.well-known/openid-configuration`))).body.id_token_signing_alg_values_supported
const signerOf = async (server: TestServer, token: string) => {
  const keys = createRemoteJWKSet(new URL(`${server.url}/jwks`))
  return (await jwtVerify(token, keys, { issuer: server.url })).protectedHeader.alg
}

describe('with the algorithms of SIGNING_ALGORITHMS', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await start({ SIGNING_ALGORITHMS: ALL.join(',') })
  })
  afterAll(() => server?.stop())

  test('discovery lists all of them', async () => {
    expect((await advertised(server)).toSorted()).toEqual(ALL.toSorted())
  })

  test.each(ALL)('a client that registers %s gets ID tokens that jose verifies by it', async (algorithm) => {
    expect((await register(server, algorithm)).status).toBe(201)
    const { id_token } = await tokensOf(server.url, { client_id: `app-${algorithm}`, scope: 'openid' })
    expect(await signerOf(server, id_token)).toBe(algorithm)
  })
})

describe('with the default algorithms', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await start({})
  })
  afterAll(() => server?.stop())

  test('discovery lists none that no key signs with', async () => {
    expect((await advertised(server)).toSorted()).toEqual(['ES256', 'RS256'])
  })

  test.each(['PS256', 'EdDSA'])('a client that registers %s is refused with those there are', async (other) => {
    expect(await register(server, other)).toMatchObject({
      status: 400,
      body: { detail: "id_token_signed_response_alg must be 'ES256' or 'RS256'" },
    })
  })
})

describeOn('postgres', 'resource servers', () => {
  let server: TestServer
  beforeAll(async () => {
    const DATABASE_URL = await createDatabase({ demo: true })
    const client = new pg.Client({ connectionString: DATABASE_URL })
    await client.connect()
    for (const algorithm of ALL) {
      const settings = { scopes: ['stock:read'], hasMachineTokens: true, format: 'jwt', algorithm }
      await client.query('insert into resource_servers (identifier, settings) values ($1, $2)', [
        `urn:test:${algorithm}`,
        settings,
      ])
    }
    await client.end()
    server = await start({ DATABASE_URL, SIGNING_ALGORITHMS: 'ES256,RS256,PS256' })
  })
  afterAll(() => server?.stop())

  const fields = { grant_type: 'client_credentials', username: undefined, password: undefined }

  test.each(['ES256', 'RS256', 'PS256'])('one that asks for %s gets tokens signed so', async (algorithm) => {
    const asked = { ...fields, resource: `urn:test:${algorithm}`, scope: 'stock:read' }
    const { access_token } = await tokensOf(server.url, asked, ordersService)
    expect(await signerOf(server, access_token)).toBe(algorithm)
    expect(await introspect(server.url, access_token)).toMatchObject({ active: true, aud: `urn:test:${algorithm}` })
  })

  test('one whose algorithm no key has gets no tokens, and the log says which setting', async () => {
    const asked = { ...fields, resource: 'urn:test:EdDSA', scope: 'stock:read' }
    expect(await read(requestTokens(server.url, asked, ordersService))).toMatchObject({
      status: 400,
      body: { error: 'invalid_target' },
    })
    expect(server.logLines.join('')).toMatch(
      /"event":"resource-server.algorithm-missing","resourceServer":"urn:test:EdDSA","algorithm":"EdDSA"/,
    )
  })
})
