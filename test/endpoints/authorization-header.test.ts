import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { basicAuth, postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { pkce, read, sonia, thirdParty, tokensOf } from './client.ts'

let server: TestServer
beforeAll(async () => {
  // Spryker's dialect shares the address of tokens, and acts for a client of its own where none is named.
  server = await startTestServer({ DIALECTS: 'magento' }, { captureLog: true })
})
afterAll(() => server?.stop())

const post = (path: string, fields: Record<string, string>, headers: Record<string, string>) =>
  read(postForm(server.url + path, fields, headers))
const password = { grant_type: 'password', ...sonia }
const withoutSecret = basicAuth('frontend', '')
const bare = { authorization: `Basic ${Buffer.from('frontend:').toString('base64')}` }
const pushed = {
  response_type: 'code',
  redirect_uri: 'http://localhost:8080/callback',
  scope: 'openid',
  code_challenge: pkce().challenge,
  code_challenge_method: 'S256',
}

describe('a public client that writes Basic with an empty secret', () => {
  test('gets tokens, with its id in the header alone or in the body as well', async () => {
    for (const headers of [withoutSecret, bare]) {
      expect((await post('/token', password, headers)).status).toBe(200)
      expect((await post('/token', { ...password, client_id: 'frontend' }, headers)).status).toBe(200)
    }
  })

  test('may push requests and revoke', async () => {
    expect((await post('/par', pushed, withoutSecret)).status).toBe(201)
    const { access_token } = await tokensOf(server.url)
    expect((await post('/revoke', { token: access_token }, withoutSecret)).status).toBe(200)
    expect((await post('/device_authorization', { scope: 'openid' }, basicAuth('device-app', ''))).status).toBe(200)
  })

  test('is refused with another id in the body, or with a secret', async () => {
    const other = await post('/token', { ...password, client_id: 'third-party-app' }, withoutSecret)
    expect([other.status, other.body.error]).toEqual([400, 'invalid_request'])
    const secret = await post('/token', password, basicAuth('frontend', 'a-secret-it-does-not-have'))
    expect([secret.status, secret.body.error]).toEqual([401, 'invalid_client'])
  })
})

test('an empty secret lets no confidential client in', async () => {
  for (const [path, fields] of [
    ['/token', { grant_type: 'client_credentials' }],
    ['/token', { grant_type: 'client_credentials', client_id: 'third-party-app' }],
    ['/introspect', { token: 'x' }],
    ['/revoke', { token: 'x' }],
    ['/par', pushed],
  ] as const) {
    const { status, body } = await post(path, fields, basicAuth('third-party-app', ''))
    expect([path, status, body.error]).toEqual([path, expect.toBeOneOf([400, 401]), expect.stringMatching(/^invalid_/)])
  }
})

describe.each(['Bearer stale.or.not', 'bearer x', 'DPoP x'])('a stale "%s"', (authorization) => {
  test('is ignored where clients prove who they are by the body', async () => {
    expect((await post('/token', { ...password, client_id: 'frontend' }, { authorization })).status).toBe(200)
    const secret = { client_id: 'third-party-app', client_secret: 'third-party-app-secret' }
    const byBody = { grant_type: 'client_credentials', ...secret }
    expect((await post('/token', byBody, { authorization })).status).toBe(200)
    const { access_token } = await tokensOf(server.url)
    const introspected = await post('/introspect', { token: access_token, ...secret }, { authorization })
    expect(introspected.status).toBe(200)
    expect((await post('/par', { ...pushed, client_id: 'frontend' }, { authorization })).status).toBe(201)
    expect((await post('/revoke', { token: access_token, client_id: 'frontend' }, { authorization })).status).toBe(200)
  })

  test('is no proof of anything', async () => {
    for (const path of ['/token', '/introspect', '/revoke', '/par', '/device_authorization']) {
      const fields = { ...pushed, grant_type: 'client_credentials', token: 'x' }
      expect((await post(path, fields, { authorization })).status).toBe(400)
      const named = await post(path, { ...fields, client_id: 'third-party-app' }, { authorization })
      expect([named.status, named.body.error]).toEqual([401, 'invalid_client'])
    }
  })
})

test.each(['Basic', 'Basic %%%', 'Basic Og==', 'Basic OmE=', 'Digest x', 'Basic Og== x', `Basic ${'A'.repeat(5000)}`])(
  'a header that is no credential of a client (%s) is an error of the request',
  async (authorization) => {
    const { status, body } = await post('/token', password, { authorization })
    expect([status, body.error]).toEqual([expect.toBeOneOf([400, 401]), expect.stringMatching(/^invalid_/)])
    expect(server.logLines.filter((line) => line.includes('request.failed'))).toEqual([])
  },
)

test('a client that has a secret goes on with Basic', async () => {
  expect((await post('/token', { grant_type: 'client_credentials' }, thirdParty)).status).toBe(200)
})
