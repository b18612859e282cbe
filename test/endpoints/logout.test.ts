import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CookieJar } from '../support/cookie-jar.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import {
  authorizationUrl,
  CALLBACK,
  decode,
  introspect,
  obtainCode,
  pkce,
  read,
  redeem,
  refresh,
  ron,
  sonia,
  submit,
  thirdParty,
  tokensOf,
} from './client.ts'

const HOME = 'http://localhost:8080/'
let server: TestServer
beforeAll(async () => {
  server = await startTestServer({}, { isEmbedded: true })
})
afterAll(() => server?.stop())

/** A browser that is signed in at the storefront, and the tokens of that sign-in. */
async function signedIn(login = sonia) {
  const { code, verifier, jar } = await obtainCode(server.url, {}, { login })
  const { body: tokens } = await read(redeem(server.url, code, verifier))
  return { jar, tokens }
}

/** What an app of others has of the same session; its ID token says which one that is, because it asks for it. */
async function tokensOfThirdParty(jar: CookieJar) {
  const { verifier, challenge } = pkce()
  const request = authorizationUrl(server.url, {
    client_id: 'third-party-app',
    scope: 'openid',
    claims: JSON.stringify({ id_token: { sid: null } }),
    code_challenge: challenge,
    code_challenge_method: 'S256',
  })
  const consent = await jar.follow(await jar.fetch(request))
  const { url } = await submit(jar, consent, { decision: 'allow' })
  const code = new URL(url).searchParams.get('code') ?? ''
  const { body } = await read(redeem(server.url, code, verifier, {}, thirdParty))
  expect(decode(body.id_token).payload.sid).toEqual(expect.any(String))
  return body
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

/** A sign-out as the storefront asks for it: with the ID token of this sign-in. */
function asked(tokens: { id_token: string }, fields: Record<string, string> = {}) {
  return { id_token_hint: tokens.id_token, post_logout_redirect_uri: HOME, state: 'bye', ...fields }
}

describe('signing out', () => {
  test('with the ID token of this session asks nothing, and the sign-in’s tokens are dead', async () => {
    const { jar, tokens } = await signedIn()
    expect(await introspect(server.url, tokens.access_token)).toMatchObject({ active: true })
    const answer = await jar.fetch(`${server.url}/logout?${new URLSearchParams(asked(tokens))}`)
    expect(answer.status).toBe(303)
    expect(answer.headers.get('location')).toBe(`${HOME}?state=bye`)
    expect(await hasSession(jar)).toBe(false)
    expect(await introspect(server.url, tokens.access_token)).toEqual({ active: false })
    expect((await read(refresh(server.url, tokens.refresh_token))).body.error).toBe('invalid_grant')
  })

  test('asks nothing either with an ID token that a refresh brought', async () => {
    const { jar, tokens } = await signedIn()
    const { body } = await read(refresh(server.url, tokens.refresh_token))
    expect(decode(body.id_token).payload.sid).toBe(decode(tokens.id_token).payload.sid)
    expect((await openLogout(jar, asked(body))).url).toBe(`${HOME}?state=bye`)
    expect(await hasSession(jar)).toBe(false)
  })

  test('without a hint is confirmed first, then leads back to the client with its state', async () => {
    const { jar, tokens } = await signedIn()
    const fields = { client_id: 'frontend', post_logout_redirect_uri: HOME, state: 'bye' }
    const page = await openLogout(jar, fields)
    expect(page.response.status).toBe(200)
    expect(await hasSession(jar)).toBe(true)
    expect(await introspect(server.url, tokens.access_token)).toMatchObject({ active: true })

    const after = await submit(jar, await openLogout(jar, fields), { logout: 'yes' }, HOME)
    expect(after.url).toBe(`${HOME}?state=bye`)
    expect(await hasSession(jar)).toBe(false)
    expect(await introspect(server.url, tokens.access_token)).toEqual({ active: false })
    expect((await read(refresh(server.url, tokens.refresh_token))).body.error).toBe('invalid_grant')
  })

  type Browser = Awaited<ReturnType<typeof signedIn>>
  const DOUBTS: [string, (browser: Browser) => Promise<Record<string, string>>][] = [
    ['no hint', async () => ({ client_id: 'frontend', post_logout_redirect_uri: HOME })],
    ['a bare link', async () => ({})],
    ['the hint of another session of the person', async () => asked((await signedIn()).tokens)],
    ['the hint of another person', async () => asked((await signedIn(ron)).tokens)],
    ['a hint that names no session', async () => asked(await tokensOf(server.url, { scope: 'openid customer' }))],
    ['the hint, and no address to return to', async ({ tokens }) => ({ id_token_hint: tokens.id_token })],
    ['the hint of an app of others', async ({ jar }) => asked(await tokensOfThirdParty(jar))],
  ]
  test.each(DOUBTS)('with %s asks first, and the session goes on', async (_, fieldsFor) => {
    const browser = await signedIn()
    const page = await openLogout(browser.jar, await fieldsFor(browser))
    expect(page.response.status).toBe(200)
    expect(await page.response.text()).toContain('Sign out?')
    expect(await hasSession(browser.jar)).toBe(true)
    expect(await introspect(server.url, browser.tokens.access_token)).toMatchObject({ active: true })
  })

  test('with the hint of a session that ended, in a browser where another person is signed in now, asks first', async () => {
    const { jar, tokens } = await signedIn()
    await openLogout(jar, asked(tokens))
    await obtainCode(server.url, {}, { login: ron, jar })
    expect((await openLogout(jar, asked(tokens))).response.status).toBe(200)
    expect(await hasSession(jar)).toBe(true)
  })

  test.each([
    ['leads to the home of the client that asked', { client_id: 'frontend' }, 'http://localhost:8080/'],
    [
      'leads there without the state that would say it is over',
      { client_id: 'frontend', post_logout_redirect_uri: HOME, state: 'bye' },
      'http://localhost:8080/',
    ],
    ['ends on a page of ours where no client asked', {}, undefined],
    ['ends on a page of ours where the client has no home', { client_id: 'device-app' }, undefined],
  ])('the answer of a person who stays %s, and nothing has ended', async (_, fields, home) => {
    const { jar, tokens } = await signedIn()
    const after = await submit(jar, await openLogout(jar, fields), {}, HOME)
    if (home) expect(after.url).toBe(home)
    else {
      expect(after.response.status).toBe(200)
      const html = await after.response.text()
      expect(html).toContain('still signed in')
      expect(html).not.toContain('signed out')
    }
    expect(await hasSession(jar)).toBe(true)
    expect(await introspect(server.url, tokens.access_token)).toMatchObject({ active: true })
    expect((await read(refresh(server.url, tokens.refresh_token))).status).toBe(200)
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
    const after = await jar.follow(await jar.fetch(`${server.url}/logout`, { method: 'POST', body }), { stopAt: HOME })
    expect(after.url).toBe(HOME)
    expect(await hasSession(jar)).toBe(false)
  })

  test('may lead back to a loopback address on any port', async () => {
    const { jar, tokens } = await signedIn()
    const home = 'http://127.0.0.1:49152/'
    const answer = await jar.fetch(
      `${server.url}/logout?${new URLSearchParams(asked(tokens, { post_logout_redirect_uri: home }))}`,
    )
    expect(answer.headers.get('location')).toBe(`${home}?state=bye`)
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

test('without a session it is done at once, with no page in between, and leads where it would', async () => {
  const lead = async (fields: Record<string, string>) => {
    const answer = await fetch(`${server.url}/logout?${new URLSearchParams(fields)}`, { redirect: 'manual' })
    return [answer.status, answer.headers.get('location')]
  }
  expect(await lead({})).toEqual([303, `${server.url}/logout/success`])
  const back = { client_id: 'frontend', post_logout_redirect_uri: HOME, state: 'bye' }
  expect(await lead(back)).toEqual([303, `${HOME}?state=bye`])
  expect((await lead({ ...back, post_logout_redirect_uri: 'https://attacker.example/' }))[0]).toBe(400)
})
