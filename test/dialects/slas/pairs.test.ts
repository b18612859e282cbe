import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestServer } from '../../support/server.ts'
import { get, PRIVATE, PRIVATE_CLIENT, PUBLIC_CLIENT, pkce, post, REDIRECT, RON, startShop } from './shop.ts'

let server: TestServer
beforeAll(async () => {
  server = await startShop()
})
afterAll(() => server?.stop())

type Pair = {
  readonly name: string
  readonly method?: 'GET'
  readonly endpoint: string
  readonly fields: Record<string, string | undefined>
  readonly headers?: Record<string, string>
  readonly status: number
  readonly body?: object
  readonly location?: RegExp
}

const { challenge } = pkce()
const AUTHORIZE = {
  client_id: PUBLIC_CLIENT,
  redirect_uri: REDIRECT,
  code_challenge: challenge,
  response_type: 'code',
  hint: 'guest',
}
const LOGIN = { client_id: PUBLIC_CLIENT, redirect_uri: REDIRECT, code_challenge: challenge }
const SYSTEM = { grant_type: 'client_credentials', hint: 'ts_ext_on_behalf_of', idp_origin: 'ecom', login_id: 'guest' }
const SHOPPER = { authorization: `Basic ${btoa(`${RON.username}:${RON.password}`)}` }
const USID = '6f1d1c06-2f63-4b43-9d19-d2d2f1b7a0ff'

/** Requests as the shop's contract writes them, with what it says they are answered. */
const PAIRS: readonly Pair[] = [
  {
    name: 'a guest’s code',
    method: 'GET',
    endpoint: 'authorize',
    fields: { ...AUTHORIZE, usid: USID },
    status: 303,
    location: new RegExp(`^http://localhost:8080/callback\\?usid=${USID}&code=[\\w-]+$`),
  },
  {
    name: 'a guest’s code with an empty usid',
    method: 'GET',
    endpoint: 'authorize',
    fields: { ...AUTHORIZE, usid: '' },
    status: 303,
    location: /\?usid=[\da-f-]{36}&code=/,
  },
  {
    name: 'a customer’s code with a state',
    endpoint: 'login',
    fields: { ...LOGIN, state: 'abc' },
    headers: SHOPPER,
    status: 303,
    location: /\?usid=[\da-f-]{36}&code=[\w-]+&state=abc$/,
  },
  {
    name: 'a login without credentials',
    endpoint: 'login',
    fields: LOGIN,
    status: 401,
    body: { status_code: '401', message: 'Unauthorized Credentials.' },
  },
  {
    name: 'a guest of a private client',
    endpoint: 'token',
    fields: { grant_type: 'client_credentials', usid: USID, dnt: 'true' },
    headers: PRIVATE,
    status: 200,
    body: {
      token_type: 'Bearer',
      expires_in: 1800,
      usid: USID,
      dnt: 'true',
      id_token: '',
      enc_user_id: '',
      idp_access_token: null,
      idp_refresh_token: null,
      refresh_token_expires_in: expect.any(Number),
    },
  },
  {
    name: 'a refresh token that is none',
    endpoint: 'token',
    fields: { grant_type: 'refresh_token', refresh_token: 'x', client_id: PUBLIC_CLIENT },
    status: 400,
    body: { status_code: '400', message: 'invalid refresh_token', error: 'invalid_grant' },
  },
  {
    name: 'a guest of a public client by its own word',
    endpoint: 'token',
    fields: { grant_type: 'client_credentials', client_id: PUBLIC_CLIENT },
    status: 401,
    body: { error: 'invalid_client' },
  },
  {
    name: 'a guest of a trusted system',
    endpoint: 'trusted-system/token',
    fields: { ...SYSTEM, client_id: PRIVATE_CLIENT },
    headers: PRIVATE,
    status: 200,
    body: { token_type: 'Bearer', enc_user_id: '' },
  },
  {
    name: 'an organization that is not ours is told so',
    endpoint: '../../f_ecom_aaaa_001/oauth2/token',
    fields: { grant_type: 'refresh_token', refresh_token: 'x', client_id: PUBLIC_CLIENT },
    status: 400,
    body: { message: 'invalid organizationId' },
  },
  {
    name: 'a hint of a sign-out that is unknown',
    method: 'GET',
    endpoint: 'logout',
    fields: { client_id: PUBLIC_CLIENT, refresh_token: 'x', hint: 'foo' },
    status: 400,
    body: { message: 'invalid hint' },
  },
]

describe.each(PAIRS)('$name', ({ method, endpoint, fields, headers, status, body, location }) => {
  test(`is answered ${status}`, async () => {
    const answer = await (method === 'GET' ? get : post)(server.url, endpoint, fields, headers)
    expect(answer.status).toBe(status)
    if (body) expect(answer.body).toMatchObject(body)
    if (location) expect(answer.headers.get('location')).toMatch(location)
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })
})

describe('after its sunset day', () => {
  let gone: TestServer
  beforeAll(async () => {
    gone = await startShop({ DIALECT_SUNSETS: 'slas=2020-01-01' })
  })
  afterAll(() => gone?.stop())

  test('every endpoint is gone, in its own words, and says since when', async () => {
    const answers = [
      await get(gone.url, 'authorize', AUTHORIZE),
      await post(gone.url, 'login', LOGIN, SHOPPER),
      await post(gone.url, 'token', { grant_type: 'client_credentials' }, PRIVATE),
      await post(gone.url, 'trusted-system/token', SYSTEM, PRIVATE),
    ]
    for (const { status, body, headers } of answers) {
      expect([status, body.status_code]).toEqual([410, '410'])
      expect(headers.get('sunset')).toBe('Wed, 01 Jan 2020 00:00:00 GMT')
    }
  })
})
