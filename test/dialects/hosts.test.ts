import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EVERY_DIALECT } from '../attacks/password-endpoints.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { document, errors, SONIA } from './spryker/exchange.ts'

const GLUE = 'glue.shop.example'
const SAP = 'api.sap-shop.example'
const API = 'api.shop.example:8443'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({
    ...EVERY_DIALECT,
    DIALECT_MOUNTS: `spryker=https://${GLUE},magento=${API}/magento,commercetools=https://${GLUE}/ct,sap-commerce=https://${SAP},slas=https://${GLUE}/slas`,
    TRUSTED_PROXIES: '10.1.1.1',
  })
})
afterAll(() => server?.stop())

type Sent = { readonly method?: string; readonly body?: string; readonly headers?: Record<string, string> }

/** Fetch insists on a Host of its own; a proxy in front sends the one it was asked for. */
async function at(host: string, path: string, { method = 'POST', body = '', headers = {} }: Sent = {}) {
  return new Promise<{ status: number; headers: Record<string, unknown>; text: string; json: unknown }>(
    (resolve, reject) => {
      const asking = request(`${server.url}${path}`, { method, headers: { ...headers, host } }, async (answer) => {
        let text = ''
        for await (const chunk of answer.setEncoding('utf8')) text += chunk
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text, json: parse(text) })
      })
      asking.on('error', reject).end(body)
    },
  )
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const issuerHost = () => new URL(server.url).host
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
const login = JSON.stringify(document('access-tokens', SONIA))
const form = (fields: Record<string, string>) => new URLSearchParams({ grant_type: 'password', ...fields }).toString()

describe('a dialect with a host of its own', () => {
  test.each([GLUE, GLUE.toUpperCase(), `${GLUE}:443`])('answers at %s, and links say so', async (host) => {
    expect(await at(host, '/access-tokens', { body: login })).toMatchObject({
      status: 201,
      json: { data: { links: { self: `https://${GLUE}/access-tokens` } } },
    })
  })

  test.each(['evil.example', `${GLUE}.evil.example`, `evil.example/${GLUE}`, `${GLUE}:1`])(
    'does not answer at %s, nor at the issuer’s',
    async (host) => {
      for (const asked of [host, issuerHost()]) {
        expect((await at(asked, '/access-tokens', { body: login })).status).toBe(404)
      }
    },
  )

  test('is not reached by a forwarded host of a peer that is no proxy of ours', async () => {
    const headers = { 'x-forwarded-host': GLUE }
    expect((await at(issuerHost(), '/access-tokens', { body: login, headers })).status).toBe(404)
  })

  test('answers /token without a client in its own words, and hands it on to OAuth with one', async () => {
    const own = await at(GLUE, '/token', { body: form(SONIA), headers: FORM })
    expect([own.status, Object.keys(own.json as object)]).toEqual([
      200,
      ['access_token', 'token_type', 'expires_in', 'refresh_token'],
    ])
    const plain = await at(GLUE, '/token', { body: form({ ...SONIA, client_id: 'frontend' }), headers: FORM })
    expect(plain).toMatchObject({ status: 200, json: { scope: 'customer company' } })
    const [, payload = ''] = (plain.json as { access_token: string }).access_token.split('.')
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({ iss: server.url })
    expect(await at(issuerHost(), '/token', { body: form(SONIA), headers: FORM })).toMatchObject({
      json: { error: 'invalid_request' },
    })
  })

  test('knows no other paths: OAuth, pages and keys are at the issuer', async () => {
    for (const path of ['/.well-known/openid-configuration', '/jwks', '/authorize', '/recovery', '/userinfo', '/']) {
      expect(await at(GLUE, path, { method: 'GET' })).toMatchObject({
        status: 404,
        json: errors(404, undefined, 'Not Found'),
      })
    }
  })

  test('answers preflights of every endpoint', async () => {
    const headers = { origin: 'http://localhost:3000', 'access-control-request-method': 'POST' }
    for (const path of ['/access-tokens', '/token']) {
      const answer = await at(GLUE, path, { method: 'OPTIONS', headers })
      expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([204, 'http://localhost:3000'])
    }
  })

  test('sends a person who signs in by a link to the issuer, whose session it is', async () => {
    const answer = await at(GLUE, '/access-token/abc', { method: 'GET' })
    expect([answer.status, answer.headers.location]).toEqual([302, `${server.url}/access-token/abc`])
    expect(await at(issuerHost(), '/access-token/abc', { method: 'GET' })).toMatchObject({ status: 403 })
  })
})

test('two dialects share a host by their paths, and each refuses unknown paths in its own words', async () => {
  const basic = { authorization: `Basic ${btoa('third-party-app:third-party-app-secret')}`, ...FORM }
  const body = form({ username: 'ron@swanson.com', password: 'mysecretpassword' })
  expect(await at(GLUE, '/ct/oauth/shop/customers/token', { body, headers: basic })).toMatchObject({ status: 200 })
  expect(await at(GLUE, '/ct/nothing', { body })).toMatchObject({ status: 404, json: { statusCode: 404 } })
})

test('SLAS at a host and a base path names its endpoints there, below any prefix of a proxy', async () => {
  for (const prefix of ['', '/mobify/slas/private']) {
    const base = `/slas${prefix}/shopper/auth/v1/organizations/f_ecom_zzrf_001/oauth2`
    const answer = await at(GLUE, `${base}/.well-known/openid-configuration`, { method: 'GET' })
    expect(answer).toMatchObject({ status: 200, json: { token_endpoint: `https://${GLUE}${base}/token` } })
    expect(await at(GLUE, `${base}/token`, { body: '' })).toMatchObject({ status: 400, json: { status_code: '400' } })
  }
  expect(await at(GLUE, '/slas/nothing', { body: '' })).toMatchObject({ status: 404, json: { status_code: '404' } })
})

test('a host may come with a base path and a port, outside of which there is nothing', async () => {
  const body = JSON.stringify({ username: 'ron@swanson.com', password: 'mysecretpassword' })
  const headers = { 'content-type': 'application/json' }
  const path = '/rest/V1/integration/customer/token'
  expect((await at(API, `/magento${path}`, { body, headers })).status).toBe(200)
  expect((await at(API, path, { body, headers })).status).toBe(404)
  expect(await at(API, '/magento/nothing', { body, headers })).toMatchObject({
    status: 404,
    json: { message: 'Request does not match any route.' },
  })
  for (const asked of ['/jwks', '/.well-known/openid-configuration']) {
    expect((await at(API, asked, { method: 'GET' })).status).toBe(404)
  }
})

test('an address that is passed on answers at the host of its dialect, and one that begins a session leads to the issuer', async () => {
  const keys = await at(SAP, '/authorizationserver/oauth/jwks', { method: 'GET' })
  expect([keys.status, keys.text]).toEqual([200, (await at(issuerHost(), '/jwks', { method: 'GET' })).text])
  const { json } = await at(SAP, '/authorizationserver/.well-known/openid-configuration', { method: 'GET' })
  expect(json).toMatchObject({ issuer: server.url, jwks_uri: `https://${SAP}/authorizationserver/oauth/jwks` })
  const path = '/authorizationserver/oauth/authorize?client_id=frontend'
  const sent = await at(SAP, path, { method: 'GET' })
  expect([sent.status, sent.headers.location]).toEqual([302, `${server.url}${path}`])
  for (const [host, asked] of [
    [SAP, '/jwks'],
    [SAP, '/authorize'],
    [issuerHost(), '/authorizationserver/oauth/jwks'],
  ] as const) {
    expect((await at(host, asked, { method: 'GET' })).status).toBe(404)
  }
})

test('a proxy of ours may say which host was asked for', async () => {
  const behind = await startTestServer({ DIALECT_MOUNTS: `spryker=https://${GLUE}`, TRUSTED_PROXIES: '127.0.0.1' })
  const ask = async (host: string) => {
    const headers = { 'content-type': 'application/json', 'x-forwarded-host': host }
    return (await fetch(`${behind.url}/access-tokens`, { method: 'POST', body: login, headers })).status
  }
  expect([await ask(GLUE), await ask('evil.example')]).toEqual([201, 404])
  await behind.stop()
})

test('whatever host is asked for, metadata names the issuer', async () => {
  for (const host of ['evil.example', issuerHost()]) {
    const answer = await at(host, '/.well-known/openid-configuration', { method: 'GET' })
    expect(answer.json).toMatchObject({ issuer: server.url, token_endpoint: `${server.url}/token` })
  }
})

test.each([
  'spryker=/',
  'spryker=https://glue.shop.example/',
  'spryker=ftp://glue.shop.example',
  'spryker=https://user@glue.shop.example',
  'spryker=https://glue.shop.example?x',
])('DIALECT_MOUNTS=%s is refused when the server starts', async (DIALECT_MOUNTS) => {
  const starting = startTestServer({ DIALECT_MOUNTS })
  await expect(starting).rejects.toThrow(/DIALECT_MOUNTS gives spryker/)
})
