import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { basicAuth } from '../../support/http.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'
import { AGENT, decode, exchange, SONIA } from './exchange.ts'

const GRANT =
  'The provided authorization grant (e.g., authorization code, resource owner credentials) or refresh token is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client.'
const REQUEST =
  'The request is missing a required parameter, includes an invalid parameter value, includes a parameter more than once, or is otherwise malformed.'
const CREDENTIALS = 'The user credentials were incorrect.'
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ LOCKOUT_ATTEMPTS: '100' })
})
afterAll(() => server?.stop())

const form = (fields: Record<string, string> | string, headers: Record<string, string> = {}) =>
  exchange(server.url, {
    path: '/token',
    headers: { ...FORM, ...headers },
    body: new URLSearchParams(fields).toString(),
  })
const password = { grant_type: 'password', ...SONIA }

describe('without a client, /token speaks as the shop does', () => {
  test.each([
    ['no client_id', password],
    ['an empty client_id', { ...password, client_id: '' }],
    ['an unknown scope, which is dropped', { ...password, scope: 'agent nonsense' }],
    ['names in camel case', { grantType: 'password', ...SONIA }],
  ])('%s signs in, with exactly four members', async (_, fields) => {
    const answer = await form(fields)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(Object.keys(answer.json as object)).toEqual(['access_token', 'token_type', 'expires_in', 'refresh_token'])
    expect(answer.json).toMatchObject({ token_type: 'Bearer', expires_in: 28800 })
    expect(decode((answer.json as { access_token: string }).access_token).payload).toMatchObject({
      aud: 'frontend',
      scopes: ['customer'],
    })
  })

  test('a stale bearer is ignored', async () => {
    expect((await form(password, { authorization: 'Bearer stale' })).status).toBe(200)
  })

  test.each([
    ['no grant_type', {}, 'invalid_grant', GRANT],
    ['another grant_type', { grant_type: 'client_credentials' }, 'invalid_grant', GRANT],
    ['a wrong password', { ...password, password: 'x' }, 'invalid_grant', CREDENTIALS],
    ['an unknown e-mail', { ...password, username: 'nobody@spryker.com' }, 'invalid_grant', CREDENTIALS],
    ['an unconfirmed e-mail', { ...password, username: 'unconfirmed@example.com' }, 'invalid_grant', CREDENTIALS],
    ['no username', { grant_type: 'password', password: 'x' }, 'invalid_request', REQUEST],
    ['an empty password', { ...password, password: '' }, 'invalid_request', REQUEST],
    ['no refresh_token', { grant_type: 'refresh_token' }, 'invalid_request', REQUEST],
    [
      'a bad refresh_token',
      { grant_type: 'refresh_token', refresh_token: 'x' },
      'invalid_request',
      'The refresh token is invalid.',
    ],
    ['a field twice', 'grant_type=password&username=a&username=b&password=c', 'invalid_request', REQUEST],
  ] as const)('%s is a 400', async (_, fields, error, error_description) => {
    const answer = await form(fields as Record<string, string>)
    expect(answer).toMatchObject({ status: 400, json: { error, error_description } })
    expect(Object.keys(answer.json as object)).toEqual(['error', 'error_description'])
    expect(answer.headers.get('www-authenticate')).toBeNull()
  })

  test('a slash at the end makes no difference, with a client or without', async () => {
    const send = (fields: Record<string, string>) =>
      exchange(server.url, { path: '/token/', headers: FORM, body: new URLSearchParams(fields).toString() })
    expect(Object.keys((await send(password)).json as object)).toHaveLength(4)
    expect(await send({ ...password, client_id: 'frontend' })).toMatchObject({
      status: 200,
      json: { scope: 'customer company' },
    })
  })

  test('JSON reads as an empty form', async () => {
    const answer = await exchange(server.url, { path: '/token', body: '[1]' })
    expect(answer).toMatchObject({ status: 400, json: { error: 'invalid_grant', error_description: GRANT } })
  })

  test.each(['a'.repeat(1_000_000), Buffer.from([0xff, 0xfe]).toString('latin1')])(
    'a body of no use is a 400',
    async (body) => {
      const answer = await exchange(server.url, { path: '/token', headers: FORM, body })
      expect(answer.status).toBe(400)
    },
  )

  test('a refresh may name fewer scopes, not others', async () => {
    const refresh_token = await signIn()
    const more = await form({ grant_type: 'refresh_token', refresh_token, scope: 'agent' })
    expect(more).toMatchObject({
      status: 400,
      json: { error: 'invalid_scope', error_description: 'The requested scope is invalid, unknown, or malformed' },
    })
    expect(await form({ grant_type: 'refresh_token', refresh_token, scope: 'customer' })).toMatchObject({ status: 200 })
  })

  test('tokens of both kinds of endpoints refresh at each other’s', async () => {
    const body = { data: { type: 'refresh-tokens', attributes: { refreshToken: await signIn() } } }
    expect(await exchange(server.url, { path: '/refresh-tokens', body })).toMatchObject({ status: 201 })
  })
})

describe('with a client, /token is plain OAuth', () => {
  test('a client_id', async () => {
    const answer = await form({ ...password, client_id: 'frontend' })
    expect(decode((answer.json as { access_token: string }).access_token).header.typ).toBe('at+jwt')
    expect(answer.json).toHaveProperty('scope')
  })
  test('a client_id and a wrong password', async () => {
    const answer = await form({ ...password, client_id: 'frontend', password: 'x' })
    expect(answer).toMatchObject({ status: 400, json: { error_description: 'invalid username or password' } })
  })
  test('an unknown client', async () => {
    expect(await form({ ...password, client_id: 'unknown' })).toMatchObject({
      status: 401,
      json: { error: 'invalid_client' },
    })
  })
  test('client authentication by header, with an unsupported grant', async () => {
    const answer = await form({ grant_type: 'nonsense' }, basicAuth('orders-service', 'orders-service-secret'))
    expect(answer).toMatchObject({ status: 400, json: { error: 'unsupported_grant_type' } })
  })
  test('two client_ids, one of them empty', async () => {
    const answer = await form('grant_type=password&client_id=&client_id=frontend&username=a&password=b')
    expect(answer).toMatchObject({ json: { error: 'invalid_request' } })
  })
})

describe('a JSON object that names a grant is the back office’s', () => {
  const backOffice = (body: unknown, headers: Record<string, string> = FORM) =>
    exchange(server.url, { path: '/token', headers, body })

  test.each([FORM, { 'content-type': 'application/json' }])('an agent signs in', async (headers) => {
    const answer = await backOffice({ grantType: 'password', ...AGENT }, headers)
    expect(answer.status).toBe(200)
    expect(Object.keys(answer.json as object)).toEqual(['token_type', 'expires_in', 'access_token', 'refresh_token'])
  })

  test.each([
    ['a wrong password', { grantType: 'password', ...AGENT, password: 'x' }, 'invalid_grant', CREDENTIALS],
    ['a customer', { grantType: 'password', ...SONIA }, 'invalid_grant', CREDENTIALS],
    ['no password', { grantType: 'password', username: 'a' }, 'invalid_request', REQUEST],
    ['an object for a name', { grantType: 'password', username: {}, password: 'x' }, 'invalid_request', REQUEST],
    ['another grant', { grantType: 'x' }, 'unsupported_grant_type', 'Grant type "x" not found'],
  ])('%s is a 400 in a list', async (_, body, code, message) => {
    expect(await backOffice(body)).toMatchObject({ status: 400, json: [{ message, status: 400, code }] })
  })

  test('a grant from a prototype is none', async () => {
    const answer = await backOffice('{"__proto__":{"grantType":"password"}}')
    expect(answer).toMatchObject({ status: 400, json: { error: 'invalid_grant' } })
  })
})

async function signIn(): Promise<string> {
  return ((await form(password)).json as { refresh_token: string }).refresh_token
}
