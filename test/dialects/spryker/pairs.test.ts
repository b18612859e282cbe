import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestServer, type TestServer } from '../../support/server.ts'
import { AGENT, bearer, exchange, obtain, type Pair, SONIA, type Tokens } from './exchange.ts'
import * as pairs from './pairs.ts'

let server: TestServer
let tokens: Tokens

beforeAll(async () => {
  server = await startTestServer({ LOCKOUT_ATTEMPTS: '100', REGISTRATION: 'open' })
  const customer = (await obtain(server.url, 'access-tokens', SONIA)).accessToken
  const agent = (await obtain(server.url, 'agent-access-tokens', AGENT)).accessToken
  const impersonated = await obtain(
    server.url,
    'agent-customer-impersonation-access-tokens',
    { customerReference: 'DE--21' },
    bearer(agent),
  )
  tokens = { customer, agent, impersonated: impersonated.accessToken }
})
afterAll(() => server?.stop())

describe.each(Object.entries(pairs as Record<string, readonly Pair[]>))('recorded pairs: %s', (_, recorded) => {
  test.each(recorded)('$name', async ({ request, status, reason, contentType, headers = {}, json }) => {
    const answer = await exchange(server.url, request, tokens)
    expect(answer).toMatchObject({ status, ...(reason && { reason }), ...(json !== undefined && { json }) })
    if (contentType !== undefined) expect(answer.headers.get('content-type')).toBe(contentType)
    for (const [name, value] of Object.entries(headers)) expect([name, answer.headers.get(name)]).toEqual([name, value])
  })
})

test('the token resources list nothing, to anybody, under their own address', async () => {
  for (const path of ['/access-tokens', '/refresh-tokens?page=2']) {
    const answer = await exchange(server.url, { method: 'GET', path })
    expect(answer).toMatchObject({ status: 200, json: { data: [], links: { self: `${server.url}${path}` } } })
  }
})

test('a success is 201 with a null id, a self link from the issuer and the attributes in their order', async () => {
  const answer = await exchange(server.url, {
    path: '/access-tokens',
    headers: { accept: '*/*', 'accept-language': 'de-DE, en;q=0.9' },
    body: { data: { type: 'access-tokens', attributes: SONIA } },
  })
  const { accessToken, refreshToken } = (answer.json as { data: { attributes: Record<string, string> } }).data
    .attributes
  expect(answer.status).toBe(201)
  expect(answer.headers.get('content-type')).toBe('application/vnd.api+json')
  expect(answer.headers.get('content-language')).toBe('de_DE')
  expect(answer.text).toBe(
    JSON.stringify({
      data: {
        type: 'access-tokens',
        id: null,
        attributes: {
          tokenType: 'Bearer',
          expiresIn: 28800,
          accessToken,
          refreshToken,
          idCompanyUser: 'ebf4b55a-cab0-5ed0-8fb7-525a3eeedeac',
        },
        links: { self: `${server.url}/access-tokens` },
      },
    }),
  )
})

test('a stale bearer does not keep anybody from signing in or refreshing', async () => {
  const { refreshToken } = await obtain(server.url, 'access-tokens', SONIA, bearer('stale'))
  await obtain(server.url, 'refresh-tokens', { refreshToken }, bearer('stale'))
})

test('attributes nobody asked for are ignored, and so is the content type', async () => {
  const body = JSON.stringify({
    data: { type: 'access-tokens', attributes: { ...SONIA, grant_type: 'x', client_id: 'y' } },
  })
  for (const type of ['application/vnd.api+json', 'text/plain', 'application/x-www-form-urlencoded']) {
    const answer = await exchange(server.url, { path: '/access-tokens', headers: { 'content-type': type }, body })
    expect(answer.status, type).toBe(201)
  }
})
