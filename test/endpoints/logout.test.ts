import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CookieJar } from '../support/cookie-jar.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { authorizationUrl, CALLBACK, introspect, obtainCode, pkce, read, redeem, refresh, submit } from './client.ts'

const HOME = 'http://localhost:8080/'
let server: TestServer
beforeAll(async () => {
  server = await startTestServer({}, { isEmbedded: true })
})
afterAll(() => server?.stop())

/** A browser that is signed in at the storefront, and the tokens of that sign-in. */
async function signedIn() {
  const { code, verifier, jar } = await obtainCode(server.url)
  const { body: tokens } = await read(redeem(server.url, code, verifier))
  return { jar, tokens }
}

async function openLogout(jar: CookieJar, fields: Record<string, string> = {}) {
  const answer = await jar.fetch(`${server.url}/logout?${new URLSearchParams(fields)}`)
  return jar.follow(answer, { stopAt: HOME })
}

async function hasSession(jar: CookieJar): Promise<boolean> {
  const PKCE = { code_challenge: pkce().challenge, code_challenge_method: 'S256', prompt: 'none' }
  const { url } = await jar.follow(await jar.fetch(authorizationUrl(server.url, PKCE)), { stopAt: CALLBACK })
  return new URL(url).searchParams.has('code')
}

describe('signing out', () => {
  test('is confirmed first, then leads back to the client with its state, and the sign-in’s tokens are dead', async () => {
    const { jar, tokens } = await signedIn()
    const page = await openLogout(jar, {
      id_token_hint: tokens.id_token,
      post_logout_redirect_uri: HOME,
      state: 'bye',
    })
    expect(page.response.status).toBe(200)
    expect(await hasSession(jar)).toBe(true)
    expect(await introspect(server.url, tokens.access_token)).toMatchObject({ active: true })

    const again = await openLogout(jar, {
      id_token_hint: tokens.id_token,
      post_logout_redirect_uri: HOME,
      state: 'bye',
    })
    const after = await submit(jar, again, { logout: 'yes' }, HOME)
    expect(after.url).toBe(`${HOME}?state=bye`)
    expect(await hasSession(jar)).toBe(false)
    expect(await introspect(server.url, tokens.access_token)).toEqual({ active: false })
    expect((await read(refresh(server.url, tokens.refresh_token))).body.error).toBe('invalid_grant')
  })

  test('without a client ends on a page of ours', async () => {
    const { jar } = await signedIn()
    const after = await submit(jar, await openLogout(jar), { logout: 'yes' })
    expect(after.response.status).toBe(200)
    expect(after.response.headers.get('content-type')).toContain('text/html')
    expect(await hasSession(jar)).toBe(false)
  })

  test('can be asked for by POST (OpenID Connect RP-Initiated Logout §2)', async () => {
    const { jar, tokens } = await signedIn()
    const body = new URLSearchParams({ id_token_hint: tokens.id_token, post_logout_redirect_uri: HOME })
    const page = await jar.follow(await jar.fetch(`${server.url}/logout`, { method: 'POST', body }), { stopAt: HOME })
    const after = await submit(jar, page, { logout: 'yes' }, HOME)
    expect(after.url).toBe(HOME)
    expect(await hasSession(jar)).toBe(false)
  })

  test('may lead back to a loopback address on any port', async () => {
    const { jar, tokens } = await signedIn()
    const home = 'http://127.0.0.1:49152/'
    const page = await openLogout(jar, { id_token_hint: tokens.id_token, post_logout_redirect_uri: home })
    expect((await submit(jar, page, { logout: 'yes' }, home)).url).toBe(home)
  })
})

test.each([
  'http://evil.example/',
  'http://localhost:8080.evil.example/',
  'http://localhost:8080@evil.example/',
  '//evil.example/',
  '/\\evil.example',
  'http://localhost:8080/elsewhere',
  'javascript:alert(1)',
])('after signing out nobody is sent to %j', async (address) => {
  const { jar, tokens } = await signedIn()
  const page = await openLogout(jar, { id_token_hint: tokens.id_token, post_logout_redirect_uri: address })
  expect(page.response.status).toBe(400)
  const anonymous = await openLogout(jar, { post_logout_redirect_uri: address })
  const after = await submit(jar, anonymous, { logout: 'yes' })
  expect(after.url.startsWith(server.url)).toBe(true)
})

test.each([
  ['is garbage', 'garbage'],
  [
    'is unsigned',
    `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"aud":"frontend"}').toString('base64url')}.`,
  ],
  [
    'is for nobody',
    `${Buffer.from('{"alg":"RS256"}').toString('base64url')}.${Buffer.from('{"aud":"x"}').toString('base64url')}.AA`,
  ],
])('a hint that %s is refused with a page, and the session goes on', async (_, id_token_hint) => {
  const { jar } = await signedIn()
  expect((await openLogout(jar, { id_token_hint })).response.status).toBe(400)
  expect(await hasSession(jar)).toBe(true)
})

test('a confirmation that did not come from our page signs nobody out', async () => {
  const { jar } = await signedIn()
  await openLogout(jar)
  for (const xsrf of ['', 'forged']) {
    const body = new URLSearchParams({ logout: 'yes', xsrf })
    expect((await jar.fetch(`${server.url}/logout/confirm`, { method: 'POST', body })).status).toBe(400)
  }
  expect(await hasSession(jar)).toBe(true)
})

test('without a session the page sends itself on, by a script that its policy allows', async () => {
  const answer = await fetch(`${server.url}/logout`)
  const script = /<script>([\s\S]*?)<\/script>/.exec(await answer.text())?.[1] ?? ''
  const digest = createHash('sha256').update(script).digest('base64')
  expect(answer.headers.get('content-security-policy')).toContain(`script-src 'sha256-${digest}'`)
})
