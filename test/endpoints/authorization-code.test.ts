import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCookieJar } from '../support/cookie-jar.ts'
import { postForm, readForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import {
  authorizationUrl,
  CALLBACK,
  decode,
  introspect,
  obtainCode,
  pkce,
  RON_ID,
  read,
  redeem,
  refresh,
  ron,
  signIn,
  sonia,
  submit,
  thirdParty,
} from './client.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({}, { isEmbedded: true })
})
afterAll(() => server?.stop())

const S256 = { code_challenge: pkce().challenge, code_challenge_method: 'S256' }
const THIRD_PARTY = { client_id: 'third-party-app' }

/** Opens an authorization request in a new browser and follows it to the first page, or back to the client. */
async function open(fields: Record<string, string | undefined> = {}, jar = createCookieJar()) {
  const page = await jar.follow(await jar.fetch(authorizationUrl(server.url, { ...S256, ...fields })), {
    stopAt: CALLBACK,
  })
  const { search, hash } = new URL(page.url)
  // Errors of flows that answer in the fragment come there too.
  return { jar, page, parameters: new URLSearchParams(search || hash.slice(1)) }
}

describe('signing in at a first-party app', () => {
  test('leads from the login page straight back, with state and issuer, and the code gives tokens', async () => {
    const { code, verifier, callback } = await obtainCode(server.url)
    expect(callback.searchParams.get('state')).toBe('some-state')
    expect(callback.searchParams.get('iss')).toBe(server.url)
    const { status, body } = await read(redeem(server.url, code, verifier))
    expect(status).toBe(200)
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 28_800, refresh_token: expect.any(String) })
    expect(decode(body.access_token).payload).toMatchObject({ client_id: 'frontend', customer_reference: 'DE--21' })
    expect(await introspect(server.url, body.access_token)).toMatchObject({ active: true })
    expect((await refresh(server.url, body.refresh_token)).status).toBe(200)
  })

  test('puts the nonce and the time of the sign-in into the ID token', async () => {
    const { code, verifier } = await obtainCode(server.url, { nonce: 'n-0S6', max_age: '600' })
    const { body } = await read(redeem(server.url, code, verifier))
    const { payload } = decode(body.id_token)
    expect(payload).toMatchObject({ nonce: 'n-0S6', aud: 'frontend', auth_time: expect.any(Number) })
  })

  test('is not asked for again in the same browser, and prompt=none answers without a page', async () => {
    const { jar } = await obtainCode(server.url)
    const again = await open({ prompt: 'none' }, jar)
    expect(again.parameters.get('code')).toEqual(expect.any(String))
  })

  test('is asked for again with prompt=login', async () => {
    const { jar } = await obtainCode(server.url)
    const { page } = await open({ prompt: 'login' }, jar)
    expect(page.url).toContain(`${server.url}/interaction/`)
    expect(await page.response.text()).toContain('name="password"')
  })

  test('works from a request sent by POST (OIDC Core §3.1.2.1)', async () => {
    const jar = createCookieJar()
    const { challenge, verifier } = pkce()
    const { searchParams } = new URL(authorizationUrl(server.url, { ...S256, code_challenge: challenge }))
    const answer = await jar.fetch(`${server.url}/authorize`, { method: 'POST', body: searchParams })
    expect(answer.status).toBe(303)
    const login = await jar.follow(answer, { stopAt: CALLBACK })
    const page = await signIn(jar, login, ron)
    const code = new URL(page.url).searchParams.get('code') ?? ''
    const { body } = await read(redeem(server.url, code, verifier))
    expect(decode(body.access_token).payload.sub).toBe(RON_ID)
  })

  test('with a wrong password shows the login page again and no code', async () => {
    const { jar, page } = await open()
    const again = await signIn(jar, page, { ...sonia, password: 'wrong' })
    expect(again.response.status).toBe(422)
    const { url } = await signIn(jar, { url: again.url, response: again.response }, sonia)
    expect(url).toContain('code=')
  })

  test('without a session and with prompt=none sends login_required back', async () => {
    const { parameters } = await open({ prompt: 'none' })
    expect([parameters.get('error'), parameters.get('state')]).toEqual(['login_required', 'some-state'])
  })

  test('can be called off on the login page', async () => {
    const { jar, page } = await open()
    const html = await page.response.text()
    const csrf = /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? ''
    const answer = await jar.fetch(`${page.url}/abort`, { method: 'POST', body: new URLSearchParams({ csrf }) })
    const { url } = await jar.follow(answer, { stopAt: CALLBACK })
    expect(new URL(url).searchParams.get('error')).toBe('access_denied')
  })
})

describe('a third-party app', () => {
  test('gets a code once the person allows it, and only what was allowed', async () => {
    const { jar, page } = await open({ ...THIRD_PARTY, scope: 'openid email' })
    const consent = await signIn(jar, page, sonia)
    expect(consent.url).toContain('/interaction/')
    const { url } = await submit(jar, consent, { decision: 'allow' })
    expect(new URL(url).searchParams.get('code')).toEqual(expect.any(String))
  })

  test('is sent away with access_denied when the person denies it', async () => {
    const { jar, page } = await open(THIRD_PARTY)
    const consent = await signIn(jar, page, sonia)
    const { url } = await submit(jar, consent, { decision: 'deny' })
    const parameters = new URL(url).searchParams
    expect([parameters.get('error'), parameters.get('state'), parameters.get('code')]).toEqual([
      'access_denied',
      'some-state',
      null,
    ])
  })

  test('redeems its code with its secret and not without', async () => {
    const { code, verifier } = await obtainCode(server.url, THIRD_PARTY)
    const without = await read(redeem(server.url, code, verifier, THIRD_PARTY))
    expect([without.status, without.body.error]).toEqual([401, 'invalid_client'])
    expect((await redeem(server.url, code, verifier, {}, thirdParty)).status).toBe(200)
  })

  test('is asked about again for a scope it did not have yet, and not for one it had', async () => {
    const { jar } = await obtainCode(server.url, { ...THIRD_PARTY, scope: 'openid email' })
    expect((await open({ ...THIRD_PARTY, scope: 'openid email' }, jar)).parameters.get('code')).not.toBeNull()
    expect((await open({ ...THIRD_PARTY, scope: 'openid customer' }, jar)).page.url).toContain('/interaction/')
    const silent = await open({ ...THIRD_PARTY, scope: 'openid customer', prompt: 'none' }, jar)
    expect(silent.parameters.get('error')).toBe('consent_required')
  })
})

describe('a code', () => {
  test('is good once: used again, it kills what it gave', async () => {
    const { code, verifier } = await obtainCode(server.url)
    const { body } = await read(redeem(server.url, code, verifier))
    const again = await read(redeem(server.url, code, verifier))
    expect([again.status, again.body.error]).toEqual([400, 'invalid_grant'])
    expect(await introspect(server.url, body.access_token)).toEqual({ active: false })
    expect((await read(refresh(server.url, body.refresh_token))).body.error).toBe('invalid_grant')
  })

  test('sent many times at once gives at most one set of tokens, and never a 500', async () => {
    const { code, verifier } = await obtainCode(server.url)
    const answers = await Promise.all(Array.from({ length: 8 }, () => read(redeem(server.url, code, verifier))))
    expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1)
    for (const { status, body } of answers.filter((answer) => answer.status !== 200)) {
      expect([status, body.error]).toEqual([400, 'invalid_grant'])
    }
  })

  test.each<[string, string, (code: string, verifier: string) => Promise<Response>]>([
    ['a wrong verifier', 'invalid_grant', (code) => redeem(server.url, code, pkce().verifier)],
    ['no verifier', 'invalid_grant', (code) => redeem(server.url, code, '', { code_verifier: undefined })],
    ['a short verifier', 'invalid_request|invalid_grant', (code) => redeem(server.url, code, 'short')],
    ['the challenge as the verifier', 'invalid_grant', (code) => redeem(server.url, code, S256.code_challenge)],
    [
      'another redirect URI',
      'invalid_grant',
      (code, verifier) => redeem(server.url, code, verifier, { redirect_uri: 'http://127.0.0.1:8080/callback' }),
    ],
    [
      'no redirect URI',
      'invalid_request|invalid_grant',
      (code, verifier) => redeem(server.url, code, verifier, { redirect_uri: undefined }),
    ],
    ['another client', 'invalid_grant', (code, verifier) => redeem(server.url, code, verifier, {}, thirdParty)],
    ['a changed character', 'invalid_grant', (code, verifier) => redeem(server.url, `${code.slice(0, -1)}!`, verifier)],
  ])('with %s gives nothing', async (_, error, send) => {
    const { code, verifier } = await obtainCode(server.url)
    const { status, body } = await read(send(code, verifier))
    expect(status).toBe(400)
    expect(error.split('|')).toContain(body.error)
  })
})

test('an interaction cannot be finished by another browser', async () => {
  const { page } = await open()
  const stranger = createCookieJar()
  const answer = await stranger.fetch(page.url)
  expect(answer.status).toBe(400)
  const posted = await postForm(`${page.url}/login`, { login: sonia.username, password: sonia.password, csrf: 'x' })
  expect(posted.status).toBe(400)
})

test('the session cookie is kept from scripts and from other sites', async () => {
  const { jar, page } = await open()
  const { action, fields } = readForm(await page.response.text(), page.url)
  const body = new URLSearchParams({ ...fields, login: sonia.username, password: sonia.password })
  const signedIn = await jar.fetch(action, { method: 'POST', body })
  const back = await jar.fetch(signedIn.headers.get('location') ?? '')
  const cookies = back.headers.getSetCookie().filter((cookie) => !/expires=Thu, 01 Jan 1970/i.test(cookie))
  expect(cookies.some((cookie) => cookie.startsWith('vestibule_session='))).toBe(true)
  for (const cookie of cookies) {
    expect(cookie).toMatch(/; httponly/i)
    expect(cookie).toMatch(/; samesite=lax/i)
  }
})

test('a form_post answer carries a script that its own policy allows, and nothing else', async () => {
  const { jar, page } = await open({ response_mode: 'form_post' })
  const after = await signIn(jar, page, sonia)
  const html = await after.response.text()
  expect(html).toContain(`action="${CALLBACK}"`)
  const script = /<script>([\s\S]*?)<\/script>/.exec(html)?.[1] ?? ''
  const digest = await crypto.subtle.digest('SHA-256', Buffer.from(script))
  const policy = after.response.headers.get('content-security-policy')
  expect(policy).toContain(`script-src 'sha256-${Buffer.from(digest).toString('base64')}'`)
})
