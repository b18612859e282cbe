import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestServer } from '../../support/server.ts'
import { at, PRIVATE, PUBLIC_CLIENT, pkce, REDIRECT, RON, SITE, startShop } from './shop.ts'

let server: TestServer
beforeAll(async () => {
  server = await startShop({ LOCKOUT_ATTEMPTS: '100000', LOCKOUT_ACCOUNT_ATTEMPTS: '100000' })
})
afterAll(() => server?.stop())

type Request = {
  readonly endpoint: string
  readonly method?: 'GET'
  /** Each is needed. */
  readonly fields: Record<string, string>
  readonly headers?: Record<string, string>
}

const CODE = { client_id: PUBLIC_CLIENT, redirect_uri: REDIRECT }
const CLIENT = { grant_type: 'client_credentials' }
const BEARER = { authorization: 'Bearer something' }
const SHOPPER = { authorization: `Basic ${btoa(`${RON.username}:wrong`)}` }
const CALL = { user_id: 'a@shop.example', mode: 'email' }

/** Requests of clients that are known: only what varies is wrong. */
const REQUESTS: readonly Request[] = [
  {
    endpoint: 'login',
    fields: { ...CODE, code_challenge: pkce().challenge },
    headers: SHOPPER,
  },
  {
    endpoint: 'token',
    fields: { ...CODE, grant_type: 'authorization_code_pkce', code: 'x' },
  },
  { endpoint: 'token', fields: { grant_type: 'refresh_token', refresh_token: 'x', client_id: PUBLIC_CLIENT } },
  { endpoint: 'passwordless/login', fields: { ...CALL, mode: 'sms' }, headers: PRIVATE },
  {
    endpoint: 'passwordless/token',
    fields: { ...CLIENT, hint: 'pwdless_login', pwdless_login_token: 'x' },
    headers: PRIVATE,
  },
  { endpoint: 'password/reset', fields: { ...CALL, mode: 'sms', client_id: PUBLIC_CLIENT } },
  {
    endpoint: 'password/action',
    fields: { client_id: PUBLIC_CLIENT, pwd_action_token: 'x', new_password: 'y' },
  },
  { endpoint: 'otp/request', fields: { ...CALL, mode: 'sms', client_id: PUBLIC_CLIENT } },
  { endpoint: 'otp/verify', fields: { client_id: PUBLIC_CLIENT, user_id: 'a@shop.example', pwd_action_token: 'x' } },
  { endpoint: 'session-bridge/token', fields: { ...CLIENT, login_id: RON.username }, headers: PRIVATE },
  {
    endpoint: 'trusted-system/token',
    fields: { ...CLIENT, hint: 'ts_ext_on_behalf_of', login_id: 'nobody@shop.example', idp_origin: 'ecom' },
    headers: PRIVATE,
  },
  {
    endpoint: 'trusted-agent/token',
    fields: { ...CODE, ...CLIENT, login_id: RON.username, idp_origin: 'ecom', state: 's' },
    headers: BEARER,
  },
  {
    endpoint: 'trusted-agent/authorize',
    method: 'GET',
    fields: { ...CODE, login_id: 'Guest', idp_origin: 'ecom', state: 's', response_type: 'code' },
  },
  { endpoint: 'logout', method: 'GET', fields: { client_id: PUBLIC_CLIENT, refresh_token: 'x' }, headers: BEARER },
]

const WRONG: readonly [string, (params: URLSearchParams, name: string) => void][] = [
  ['missing', (params, name) => params.delete(name)],
  ['empty', (params, name) => params.set(name, '')],
  ['doubled', (params, name) => params.append(name, 'x')],
  ['oversized', (params, name) => params.set(name, 'x'.repeat(10_000))],
  ['of another kind', (params, name) => params.set(name, '[object Object]')],
  [
    'named like a list',
    (params, name) => {
      params.append(`${name}[]`, 'x')
      params.delete(name)
    },
  ],
  ['not storable', (params, name) => params.set(name, 'a\0b')],
]

describe.each(REQUESTS)('$endpoint', ({ endpoint, method = 'POST', fields, headers }) => {
  const names = [...Object.keys(fields), 'channel_id']

  test.each(WRONG)('refuses each member that is %s, in words of its own', async (_, spoil) => {
    for (const name of names) {
      const params = new URLSearchParams({ channel_id: SITE, ...fields })
      spoil(params, name)
      const query = method === 'GET' ? `?${params}` : ''
      const body = method === 'GET' ? {} : { body: params }
      const answer = await fetch(`${at(server.url, endpoint)}${query}`, {
        method,
        ...body,
        ...(headers && { headers }),
        redirect: 'manual',
      })
      const said = `${name} → ${answer.status}`
      expect(answer.status, said).toBeGreaterThanOrEqual(400)
      expect(answer.status, said).toBeLessThan(500)
      expect(await answer.json(), said).toMatchObject({
        status_code: String(answer.status),
        message: expect.any(String),
        error: expect.any(String),
      })
    }
  })

  // A GET has no content.
  if (method === 'GET') return
  test('refuses another content type', async () => {
    const answer = await fetch(at(server.url, endpoint), {
      method,
      body: JSON.stringify({ channel_id: SITE, ...fields }),
      headers: { ...headers, 'content-type': 'application/json' },
    })
    expect([answer.status, ((await answer.json()) as { status_code: string }).status_code]).toEqual([400, '400'])
  })
})
