import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeOn } from '../../support/describe-on.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'
import { createRedisDatabase } from '../../support/shared.ts'
import { decodeJwt, get, isActive, PUBLIC_CLIENT, pkce, post, REDIRECT, RON, refresh, sent, startShop } from './shop.ts'

describeOn('redis', 'two nodes with one Redis', () => {
  let one: TestServer
  let other: TestServer
  beforeAll(async () => {
    const REDIS_URL = await createRedisDatabase()
    one = await startShop({ REDIS_URL, TRUSTED_PROXIES: '127.0.0.1' })
    const { config } = one
    const shared = { ISSUER: one.url, DIALECTS: 'slas', SLAS_LOGIN_INTERVAL_SECONDS: '0', REDIS_URL }
    other = await startTestServer({
      ...shared,
      ...(config.DATABASE_URL ? { DATABASE_URL: config.DATABASE_URL } : {}),
      KEYS_URL: String(config.KEYS_URL),
      TRUSTED_PROXIES: '127.0.0.1',
    })
  })
  afterAll(async () => {
    await other?.stop()
    await one?.stop()
  })

  test('go on with what the other began: a code, what is kept with it, a refresh, a sign-out', async () => {
    const { verifier, challenge } = pkce()
    const asked = { client_id: PUBLIC_CLIENT, redirect_uri: REDIRECT }
    const shopper = { authorization: `Basic ${btoa(`${RON.username}:${RON.password}`)}` }
    const query = sent(await post(one.url, 'login', { ...asked, code_challenge: challenge }, shopper))
    const at = new URL(other.url).origin
    const redeemed = { ...asked, grant_type: 'authorization_code_pkce', code: query.get('code') ?? '' }
    const tokens = await post(at, 'token', { ...redeemed, code_verifier: verifier, dnt: 'true' })
    expect([tokens.status, tokens.body.usid]).toEqual([200, query.get('usid')])
    const next = await refresh(one.url, tokens.body.refresh_token)
    expect([next.status, next.body.usid, decodeJwt(next.body.access_token).dnt]).toEqual([200, query.get('usid'), '1'])
    const bearer = { authorization: `Bearer ${next.body.access_token}` }
    const logout = { client_id: PUBLIC_CLIENT, refresh_token: next.body.refresh_token, hint: 'all-sessions' }
    expect((await get(at, 'logout', logout, bearer)).status).toBe(200)
    expect(await isActive(one.url, tokens.body.access_token)).toBe(false)
    expect((await refresh(one.url, next.body.refresh_token)).body.message).toBe('invalid refresh_token')
  })
})
