import { generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { later } from '../support/clock.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { APP_REDIRECT, type DocumentServer, startDocumentServer } from '../support/document-server.ts'
import { postForm, readForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { waitFor } from '../support/wait-for.ts'
import {
  authorizationUrl,
  introspect,
  obtainCode,
  pkce,
  read,
  redeem,
  refresh,
  sonia,
  submit,
  type Tokens,
} from './client.ts'

const LOOPBACK_REDIRECT = 'http://127.0.0.1/callback'

let site: DocumentServer
let server: TestServer
beforeAll(async () => {
  site = await startDocumentServer()
  const hosts = new URL(site.listed).host
  server = await startTestServer({
    ADMIN_TOKEN: OWNER,
    BRAND_NAME: 'Demo shop',
    CLIENT_METADATA_DOCUMENTS: 'open',
    CLIENT_METADATA_HOSTS: hosts,
    TRUSTED_PROXIES: '127.0.0.1,::1',
  })
})
afterAll(async () => {
  await server?.stop()
  await site?.stop()
})
beforeEach(() => {
  site.paths.length = 0
})

let addresses = 0
/** Each begins a sign-in from an address of its own, so that tests do not use up each other's budgets. */
async function begin(clientId: string, fields: Record<string, string> = {}, from = `198.51.100.${++addresses}`) {
  const challenge = { code_challenge: pkce().challenge, code_challenge_method: 'S256' }
  const address = authorizationUrl(server.url, {
    client_id: clientId,
    redirect_uri: APP_REDIRECT,
    ...challenge,
    ...fields,
  })
  const answer = await fetch(address, { redirect: 'manual', headers: { 'x-forwarded-for': from } })
  return { status: answer.status, text: await answer.text(), location: answer.headers.get('location') }
}

async function tokensFor(clientId: string, fields: Record<string, string> = {}, jar = createCookieJar()) {
  const redirect_uri = fields.redirect_uri ?? APP_REDIRECT
  // The budget of the one address that browsers of tests have is for no test in particular.
  await begin(clientId, fields)
  const { code, verifier, callback } = await obtainCode(
    server.url,
    { client_id: clientId, redirect_uri, ...fields },
    { jar },
  )
  if (code === '') throw new Error(`no code: ${callback.href}`)
  const { status, body, text } = await read(redeem(server.url, code, verifier, { client_id: clientId, redirect_uri }))
  if (status !== 200) throw new Error(text)
  return body as Tokens
}

describe('the server says in its metadata whether it takes client ids that are addresses', () => {
  test('it does where that is switched on, and says nothing elsewhere', async () => {
    const said = async (url: string) => (await read(fetch(`${url}/.well-known/oauth-authorization-server`))).body
    expect((await said(server.url)).client_id_metadata_document_supported).toBe(true)
    const other = await startTestServer()
    expect(await said(other.url)).not.toHaveProperty('client_id_metadata_document_supported')
    await other.stop()
  })
})

describe('an app that nobody registered', () => {
  test('signs a customer in, and its tokens are active, refreshed and revoked like those of others', async () => {
    const clientId = site.put('/whole.json')
    const tokens = await tokensFor(clientId, { scope: 'openid email offline_access', prompt: 'consent' })
    expect(await introspect(server.url, tokens.access_token)).toMatchObject({ active: true, client_id: clientId })
    const again = await read(refresh(server.url, tokens.refresh_token, { client_id: clientId }))
    expect(again.status).toBe(200)
    expect(await introspect(server.url, again.body.access_token)).toMatchObject({ active: true })
    expect(site.paths).toEqual(['/whole.json'])
  })

  test('without a method, with an unknown scope and a loopback redirect works as a native public client', async () => {
    const clientId = site.put('/sparse.json', {
      token_endpoint_auth_method: undefined,
      scope: 'openid unknown:thing',
      redirect_uris: [LOOPBACK_REDIRECT],
    })
    const tokens = await tokensFor(clientId, { redirect_uri: 'http://127.0.0.1:43117/callback' })
    expect(tokens.scope?.split(' ')).not.toContain('unknown:thing')
    expect(await introspect(server.url, tokens.access_token)).toMatchObject({ active: true })
  })
})

describe('an address that may not be a client id is refused without a fetch', () => {
  const at = (change: (origin: string) => string) => () => change(site.stranger)
  test.each([
    ['no path', at((origin) => origin)],
    ['no path but a slash', at((origin) => `${origin}/`)],
    ['a query without a path', at((origin) => `${origin}?app`)],
    ['a fragment', at((origin) => `${origin}/app.json#one`)],
    ['an empty fragment', at((origin) => `${origin}/app.json#`)],
    ['a user', at((origin) => `${origin.replace('://', '://user@')}/app.json`)],
    ['an empty user', at((origin) => `${origin.replace('://', '://@')}/app.json`)],
    ['a dot segment', at((origin) => `${origin}/a/../app.json`)],
    ['an encoded dot segment', at((origin) => `${origin}/a/%2e%2E/app.json`)],
    ['a single dot segment', at((origin) => `${origin}/./app.json`)],
    ['a backslash', at((origin) => `${origin}\\app.json`)],
    ['a blank', at((origin) => `${origin}/a app.json`)],
    ['a control character', at((origin) => `${origin}/app\u0000.json`)],
    ['a line break', at((origin) => `${origin}/app.json\n`)],
    ['capital letters in the host', at((origin) => `${origin.replace('localhost', 'LOCALHOST')}/app.json`)],
    ['capital letters in the scheme', at((origin) => `${origin.replace('https', 'HTTPS')}/app.json`)],
    ['an encoded host', at((origin) => `${origin.replace('localhost', 'loc%61lhost')}/app.json`)],
    ['a host of another script', () => 'https://münchen.example/app.json'],
    ['a wide host', at((origin) => `${origin.replace('localhost', 'ｌocalhost')}/app.json`)],
    ['a dot behind the host', at((origin) => `${origin.replace('localhost', 'localhost.')}/app.json`)],
    ['the default port', () => 'https://localhost:443/app.json'],
    ['no host', () => 'https:///app.json'],
    ['an address as a number', () => 'https://2130706433/app.json'],
    ['http', at((origin) => `${origin.replace('https', 'http')}/app.json`)],
    ['more than 255 characters', at((origin) => `${origin}/${'a'.repeat(255)}`)],
  ])('%s', async (_, clientId) => {
    site.put('/app.json')
    const { status, text, location } = await begin(clientId())
    expect([status, location]).toEqual([400, null])
    expect(text).toContain('invalid_client')
    expect(site.paths).toEqual([])
  })
})

type Answer = (response: import('node:http').ServerResponse) => void
const JSON_TYPE = { 'content-type': 'application/json' }
const text =
  (body: (clientId: string) => string, headers = {}) =>
  (clientId: string): Answer =>
  (response) =>
    void response.writeHead(200, { ...JSON_TYPE, ...headers }).end(body(clientId))
const members = (given: object) => (clientId: string) =>
  text(() =>
    JSON.stringify({
      client_id: clientId,
      client_name: 'Shopping helper',
      redirect_uris: [APP_REDIRECT],
      token_endpoint_auth_method: 'none',
      ...given,
    }),
  )(clientId)
const KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })

const HOSTILE: readonly [string, (clientId: string) => Answer][] = [
  ['a redirect', () => (response) => void response.writeHead(302, { location: `${site.stranger}/good.json` }).end()],
  [
    'a redirect with a good body',
    (id) => (response) =>
      void response.writeHead(301, JSON_TYPE).end(JSON.stringify({ client_id: id, redirect_uris: [APP_REDIRECT] })),
  ],
  ['not found', () => (response) => void response.writeHead(404).end()],
  ['a failure', () => (response) => void response.writeHead(500).end()],
  [
    'another success',
    (id) => (response) =>
      void response.writeHead(203, JSON_TYPE).end(JSON.stringify({ client_id: id, redirect_uris: [APP_REDIRECT] })),
  ],
  ['a page', text(() => '<p>hello</p>', { 'content-type': 'text/html' })],
  [
    'JSON that says it is a page',
    (id) =>
      text(() => JSON.stringify({ client_id: id, redirect_uris: [APP_REDIRECT] }), { 'content-type': 'text/html' })(id),
  ],
  [
    'no type',
    (id) => (response) =>
      void response.writeHead(200).end(JSON.stringify({ client_id: id, redirect_uris: [APP_REDIRECT] })),
  ],
  ['more than 16 KB', members({ padding: 'x'.repeat(17_000) })],
  [
    'more than it said',
    () => (response) => void response.writeHead(200, { ...JSON_TYPE, 'content-length': '90000' }).end('{'),
  ],
  ['no end', () => (response) => void response.writeHead(200, JSON_TYPE).write('{"client_id":')],
  ['no answer', () => () => undefined],
  [
    'an end in the middle',
    () => (response) => void response.writeHead(200, JSON_TYPE).write('{', () => response.destroy()),
  ],
  ['no JSON', text(() => 'client_id=1')],
  ['no object', text(() => '[]')],
  ['null', text(() => 'null')],
  ['deep nesting', (id) => text(() => `{"client_id":"${id}","a":${'['.repeat(7000)}${']'.repeat(7000)}}`)(id)],
  [
    'a member twice',
    (id) =>
      text(() => `{"client_id":"https://other.example/","redirect_uris":["${APP_REDIRECT}"],"client_id":"${id}"}`)(id),
  ],
  [
    'a member twice in two spellings',
    (id) => text(() => `{"client_i\\u0064":"x","redirect_uris":["${APP_REDIRECT}"],"client_id":"${id}"}`)(id),
  ],
  [
    'other bytes than UTF-8',
    () => (response) => void response.writeHead(200, JSON_TYPE).end(Buffer.from([0x7b, 0xff, 0xfe, 0x7d])),
  ],
  ['the client id of another address', members({ client_id: 'https://elsewhere.example/app.json' })],
  ['a client id that only looks the same', (id) => members({ client_id: id.replace('localhost', 'LOCALHOST') })(id)],
  ['no client id', members({ client_id: undefined })],
  ['a list as client id', (id) => members({ client_id: [id] })(id)],
  ['a secret', members({ client_secret: 'secret' })],
  ['the end of a secret', members({ client_secret_expires_at: 0 })],
  ['a method with a secret', members({ token_endpoint_auth_method: 'client_secret_basic' })],
  ['another method', members({ token_endpoint_auth_method: 'tls_client_auth' })],
  ['a key as method without keys', members({ token_endpoint_auth_method: 'private_key_jwt' })],
  ['a logo over http', members({ logo_uri: 'http://app.example/logo.png' })],
  ['a page over http', members({ client_uri: 'http://app.example/' })],
  ['a script as page', members({ client_uri: 'javascript:alert(1)' })],
  ['no redirect', members({ redirect_uris: [] })],
  ['a redirect over http', members({ redirect_uris: ['http://app.example/callback'] })],
  ['a script as redirect', members({ redirect_uris: ['javascript:alert(1)//'] })],
  ['data as redirect', members({ redirect_uris: ['data:text/html,hi'] })],
  ['a scheme of the system as redirect', members({ redirect_uris: ['intent://app/callback'] })],
  ['a redirect with a fragment', members({ redirect_uris: [`${APP_REDIRECT}#a`] })],
  ['a redirect with a user', members({ redirect_uris: ['https://shop.example@app.example/callback'] })],
  ['a hundred redirects', members({ redirect_uris: Array.from({ length: 100 }, (_, n) => `${APP_REDIRECT}/${n}`) })],
  ['a redirect that is no text', members({ redirect_uris: [{}] })],
  ['a long name', members({ client_name: 'x'.repeat(65) })],
  ['a name of several lines', members({ client_name: 'Helper\nAllow' })],
  ['a name that turns the direction', members({ client_name: 'Helper \u202egnitset' })],
  ['a name of blanks', members({ client_name: ' \u200b ' })],
  ['a name that is no text', members({ client_name: ['Helper'] })],
  [
    'half a character in the name',
    (id) => text(() => `{"client_id":"${id}","client_name":"a\\ud800","redirect_uris":["${APP_REDIRECT}"]}`)(id),
  ],
  ['the name of the shop', members({ client_name: 'DEM0 SHΟP' })],
  ['the name of a registered client', members({ client_name: 'Third-party арр' })],
  ['grant types without a code', members({ grant_types: ['client_credentials', 'password'] })],
  ['a token as response', members({ response_types: ['token'] })],
  ['a private key', members({ token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [{ ...KEY, d: 'c' }] } })],
  [
    'a shared key',
    members({ token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [{ kty: 'oct', k: 'abc' }] } }),
  ],
  [
    'a huge key',
    members({
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [{ kty: 'RSA', e: 'AQAB', n: 'x'.repeat(11_000) }] },
    }),
  ],
  [
    'a short key',
    members({
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [{ kty: 'RSA', e: 'AQAB', n: 'x'.repeat(171) }] },
    }),
  ],
  ['a hundred keys', members({ token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: Array(100).fill(KEY) } })],
  [
    'keys in two places',
    members({
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [KEY] },
      jwks_uri: 'https://app.example/jwks',
    }),
  ],
  ['keys over http', members({ token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'http://127.0.0.1/jwks' })],
  [
    'keys that are not there',
    () =>
      members({ token_endpoint_auth_method: 'private_key_jwt', jwks_uri: `${site.stranger}/no-keys` })(
        `${site.stranger}/hostile-keys`,
      ),
  ],
]

test('a document that cannot be used is refused in the same words and time, whatever is wrong, and nothing of it is kept', async () => {
  const asked = await Promise.all(
    HOSTILE.map(async ([name, answer], index) => {
      const path = `/hostile/${index}.json`
      const clientId = `${site.strangers[index % 5]}${path}`
      site.reply(path, (_request, response) => answer(clientId)(response))
      const beganAt = performance.now()
      const { status, text: page, location } = await begin(clientId, {}, `203.0.113.${index}`)
      const ms = performance.now() - beganAt
      const words = /<main.*<\/main>/s.exec(page)?.[0].replaceAll(/[0-9a-f-]{36}/g, 'id')
      return { name, status, words, location, isQuick: ms < 2400 }
    }),
  )
  const [first] = asked
  for (const { name, ...said } of asked) expect({ name, ...said }).toEqual({ ...first, name })
  expect(first).toMatchObject({ status: 400, location: null, isQuick: false })
  expect(site.paths.filter((path) => path.startsWith('/hostile/'))).toHaveLength(HOSTILE.length)
  expect(site.paths).not.toContain('/good.json')
})

describe('what is kept of a document', () => {
  test('is used while it is fresh, then asked for again, and survives a change of signing keys', async () => {
    const clientId = site.put('/cached.json', {}, { 'cache-control': 'max-age=300' })
    await begin(clientId)
    const rotated = await ask(server, OWNER, 'POST', '/v1/keys/rotate', { algorithm: 'ES256', force: true })
    expect(rotated.status).toBeLessThan(300)
    expect((await begin(clientId)).status).toBe(303)
    await later(() => begin(clientId), 290)
    expect(site.paths).toEqual(['/cached.json'])
    await later(() => begin(clientId), 310)
    expect(site.paths).toEqual(['/cached.json', '/cached.json'])
  })

  test.each([
    ['no-store', { 'cache-control': 'no-store' }, 60],
    ['a time in the past', { 'cache-control': '', expires: 'Thu, 01 Jan 1970 00:00:00 GMT' }, 60],
    ['no time at all', { 'cache-control': '' }, 3600],
    ['a hundred years', { 'cache-control': 'max-age=3155760000' }, 86_400],
    ['a number that is none', { 'cache-control': 'max-age=-5' }, 3600],
  ])('%s keeps it within our bounds', async (name, headers, seconds) => {
    const path = `/bounds/${encodeURIComponent(name)}.json`
    const clientId = site.put(path, {}, headers, site.strangers[5])
    await begin(clientId)
    await later(() => begin(clientId), seconds - 10)
    expect(site.paths).toEqual([path])
    await later(() => begin(clientId), seconds + 10)
    expect(site.paths).toEqual([path, path])
  })

  test('begins no sign-in when the document is gone, while the links of before go on', async () => {
    const clientId = site.put('/gone.json')
    const tokens = await tokensFor(clientId, { scope: 'openid offline_access', prompt: 'consent' })
    site.reply('/gone.json', (_request, response) => void response.writeHead(410).end())
    expect((await later(() => begin(clientId), 700)).status).toBe(400)
    const { status, body } = await read(refresh(server.url, tokens.refresh_token, { client_id: clientId }))
    expect(status).toBe(200)
    expect(await introspect(server.url, body.access_token)).toMatchObject({ active: true })
  })
})

describe('what a person allowed an app is added to later', () => {
  test.each([
    ['if its document says the same', {}, true],
    ['if it names another path at the same host', { redirect_uris: [APP_REDIRECT, `${APP_REDIRECT}/two`] }, true],
    ['unless it names another host', { redirect_uris: [APP_REDIRECT, 'https://evil.example/'] }, false],
    ['unless it has another name', { client_name: 'Another helper' }, false],
  ])('%s', async (name, after, isAdded) => {
    const path = `/changes/${encodeURIComponent(name)}.json`
    const clientId = site.put(path, {}, {}, site.strangers[6])
    const scopesAfter = async (scope: string) => (await tokensFor(clientId, { scope })).scope?.split(' ').sort()
    expect(await scopesAfter('openid email')).toEqual(['email', 'openid'])
    site.put(path, after, {}, site.strangers[6])
    expect(await scopesAfter('openid')).toEqual(['email', 'openid'])
    expect(await later(() => scopesAfter('openid'), 700)).toEqual(isAdded ? ['email', 'openid'] : ['openid'])
  })
})

describe('whom the server asks, and how often', () => {
  test('the token, introspection and revocation endpoints fetch nothing', async () => {
    const clientId = site.put('/unasked.json')
    const form = {
      client_id: clientId,
      grant_type: 'authorization_code',
      code: 'c',
      redirect_uri: APP_REDIRECT,
      token: 't',
    }
    for (const path of ['/token', '/introspect', '/revoke', '/device_authorization'])
      await fetch(server.url + path, { method: 'POST', body: new URLSearchParams(form) })
    expect(site.paths).toEqual([])
  })

  test('a client that an operator registered under such an id is that client, and nothing is fetched', async () => {
    const clientId = site.put('/registered.json')
    const metadata = {
      client_id: clientId,
      client_name: 'Known helper',
      redirect_uris: [APP_REDIRECT],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code'],
      resource_scopes: [],
    }
    expect((await ask(server, OWNER, 'POST', '/v1/clients', { metadata })).status).toBe(201)
    expect((await begin(clientId)).status).toBe(303)
    const path = `/v1/clients/${encodeURIComponent(clientId)}/disable`
    expect((await ask(server, OWNER, 'POST', path)).status).toBe(200)
    expect((await begin(clientId)).status).toBe(400)
    expect(site.paths).toEqual([])
  })

  test('with "listed" an unknown host is not asked, a listed one is', async () => {
    const other = await startTestServer({
      CLIENT_METADATA_DOCUMENTS: 'listed',
      CLIENT_METADATA_HOSTS: `${new URL(site.listed).host},${site.strangers[1]}/one.json`,
    })
    const asked = async (clientId: string) => {
      const challenge = { code_challenge: pkce().challenge, code_challenge_method: 'S256' }
      const address = authorizationUrl(other.url, { client_id: clientId, redirect_uri: APP_REDIRECT, ...challenge })
      return (await fetch(address, { redirect: 'manual' })).status
    }
    site.put('/stranger.json')
    expect(await asked(`${site.stranger}/stranger.json`)).toBe(400)
    expect(await asked(`${site.strangers[1]}/two.json`)).toBe(400)
    expect(site.paths).toEqual([])
    expect(await asked(site.put('/listed.json', {}, {}, site.listed))).toBe(303)
    expect(await asked(site.put('/one.json', {}, {}, site.strangers[1]))).toBe(303)
    await other.stop()
  })
})

describe('an operator', () => {
  const api = (method: string, path: string, body?: object) =>
    ask(server, OWNER, method, `/v1/client-documents${path}`, body)

  test('sees each document with its hosts, name and people, and when it was used', async () => {
    const clientId = site.put('/seen.json', { client_name: 'Well-known helper' }, {}, site.listed)
    await tokensFor(clientId)
    const listed = async () => {
      const { body } = await api('GET', '?limit=1000')
      return (body.items as { clientId: string; links: number }[]).find((item) => item.clientId === clientId)
    }
    // What was issued is written a moment later.
    await waitFor(async () => (await listed())?.links === 1, { what: 'the record of the token' })
    expect(await listed()).toMatchObject({
      host: new URL(site.listed).host,
      name: 'Well-known helper',
      redirectHosts: ['app.example'],
      isBlocked: false,
      consentedAt: expect.any(Number),
    })
    const copy = site.put('/copy.json', { client_name: 'WeII-known Helper' })
    expect((await begin(copy)).status).toBe(400)
  })

  test.each([
    ['a host', (clientId: string) => new URL(clientId).host],
    ['one address', (clientId: string) => clientId],
  ])('blocks %s: every token of it ends for good, and no sign-in begins there', async (name, targetOf) => {
    const clientId = site.put(`/blocked/${name.length}.json`, {}, {}, site.strangers[4])
    const { access_token, refresh_token } = await tokensFor(clientId)
    const target = targetOf(clientId)
    expect(await api('POST', '/block', { target, reason: 'asks for passwords' })).toMatchObject({ status: 200 })
    expect(await introspect(server.url, access_token)).toEqual({ active: false })
    expect((await read(refresh(server.url, refresh_token, { client_id: clientId }))).status).toBe(401)
    site.paths.length = 0
    expect((await begin(clientId)).status).toBe(400)
    expect((await begin(`${site.strangers[4]}/unseen.json`)).status).toBe(400)
    expect(site.paths).toEqual(target === clientId ? ['/unseen.json'] : [])
    expect((await api('POST', '/block', { target })).status).toBe(409)
    expect((await api('GET', '/blocks')).body.items).toMatchObject([{ target, reason: 'asks for passwords' }])

    expect((await api('POST', '/unblock', { target })).status).toBe(200)
    expect((await api('POST', '/unblock', { target })).status).toBe(404)
    expect((await begin(clientId)).status).toBe(303)
    expect(await introspect(server.url, access_token)).toEqual({ active: false })
    expect((await read(refresh(server.url, refresh_token, { client_id: clientId }))).status).toBe(400)
  })

  test('is told what is wrong with a document, and nothing is kept of it', async () => {
    const check = async (clientId: string) => (await api('POST', '/check', { clientId })).body
    const good = site.put('/checked.json')
    expect(await check(good)).toEqual({ isUsable: true, name: 'Shopping helper', redirectUris: [APP_REDIRECT] })
    site.put('/wrong.json', { logo_uri: 'http://app.example/logo.png' })
    expect(await check(`${site.stranger}/wrong.json`)).toEqual({
      isUsable: false,
      problem: 'the document: logo_uri must be https',
    })
    expect(await check(site.stranger)).toMatchObject({ isUsable: false })
    const { body } = await api('GET', '?limit=1000')
    expect((body.items as { clientId: string }[]).map(({ clientId }) => clientId)).not.toContain(good)
  })

  test.each([
    'App.example',
    'app.example:443',
    'app.example.',
    'https://app.example/',
    'http://app.example/a',
    'app.example/a',
    '*',
  ])('cannot block %s, which is no host and no client id', async (target) => {
    expect((await api('POST', '/block', { target })).status).toBe(400)
  })
})

describe('the consent page', () => {
  async function pageOf(clientId: string, redirect_uri = APP_REDIRECT) {
    await begin(clientId, { redirect_uri })
    const jar = createCookieJar()
    const challenge = { code_challenge: pkce().challenge, code_challenge_method: 'S256' }
    const address = authorizationUrl(server.url, { client_id: clientId, redirect_uri, ...challenge })
    const login = await jar.follow(await jar.fetch(address), { stopAt: redirect_uri })
    const page = await submit(jar, login, { login: sonia.username, password: sonia.password }, redirect_uri)
    return { jar, url: page.url, html: await page.response.text() }
  }
  const UNKNOWN = 'This shop does not know this app.'
  const PRETENDER = 'Any program on your computer could pretend to be it.'

  test('of a stranger shows the host in bold above its name, and that the shop does not know it', async () => {
    const clientId = site.put('/page.json', {
      client_name: '<b>Shopping</b> helper & friends',
      client_uri: 'https://bank.example/',
      logo_uri: 'https://app.example/logo.png',
    })
    const { html } = await pageOf(clientId)
    const { host } = new URL(clientId)
    expect(html.indexOf(`<strong>Address of the app: ${host}</strong>`)).toBeLessThan(html.indexOf('<h1>'))
    expect(html).toContain(`<strong>Address of the app: ${host}</strong>`)
    expect(html).toContain('&lt;b&gt;Shopping&lt;/b&gt; helper &amp; friends')
    expect(html).toContain(UNKNOWN)
    expect(html).toContain('app.example')
    expect(html).not.toMatch(/bank\.example|logo\.png/)
    expect(html).not.toContain(PRETENDER)
  })

  test.each([
    ['a stranger', () => site.stranger],
    ['a listed app', () => site.listed],
  ])('warns that any program could pretend to be %s that leads to loopback', async (name, origin) => {
    const members = { client_name: `Desk ${name}`, redirect_uris: [LOOPBACK_REDIRECT] }
    const clientId = site.put(`/loopback-${name.length}.json`, members, {}, origin())
    const { html } = await pageOf(clientId, 'http://127.0.0.1:50123/callback')
    expect(html).toContain(PRETENDER)
    expect(html.includes(UNKNOWN)).toBe(origin() === site.stranger)
  })

  test('is answered for what it showed, and not for what the document says by then', async () => {
    const clientId = site.put('/swapped.json', { client_name: 'Swap before' })
    const { jar, url, html } = await pageOf(clientId)
    site.put('/swapped.json', { client_name: 'Swap after' })
    await later(() => begin(clientId), 700)
    const form = readForm(html, url)
    const body = new URLSearchParams({ ...form.fields, decision: 'allow' })
    const answer = await jar.fetch(form.action, { method: 'POST', body })
    expect(answer.status).toBe(403)
    const again = await (await jar.fetch(url)).text()
    expect(again).toContain('Swap after')
  })
})

describe('rights and proofs', () => {
  const SHOP = 'https://shop.example/ucp'
  const SCOPES = ['orders:read', 'orders:manage']
  beforeAll(async () => {
    const made = await ask(server, OWNER, 'POST', '/v1/resource-servers', {
      identifier: SHOP,
      scopes: SCOPES,
      format: 'jwt',
    })
    expect(made.status).toBe(201)
  })

  test.each([
    ['a stranger', () => site.strangers[3] ?? '', ['orders:read']],
    ['a listed app', () => site.listed, ['orders:manage', 'orders:read']],
  ])('%s gets the scopes of its kind, for its kind of time', async (name, origin, scopes) => {
    const clientId = site.put(`/rights-${scopes.length}.json`, { client_name: `Rights ${name}` }, {}, origin())
    const tokens = await tokensFor(clientId, { scope: SCOPES.join(' '), resource: SHOP })
    expect(tokens.scope?.split(' ').sort()).toEqual(scopes)
    expect(tokens.expires_in).toBe(origin() === site.listed ? 28_800 : 3600)
  })

  test('a client with keys proves itself by them at every step, at /par too, and no other key will do', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const origin = site.strangers[3] ?? ''
    site.reply('/keys.json', (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'ES256' }] }))
    })
    const clientId = site.put(
      '/by-key.json',
      { client_name: 'Keyed', token_endpoint_auth_method: 'private_key_jwt', jwks_uri: `${origin}/keys.json` },
      {},
      origin,
    )
    const proof = (key = privateKey) => {
      const exp = Math.floor(Date.now() / 1000) + 60
      const claims = { iss: clientId, sub: clientId, aud: server.url, jti: randomUUID(), exp }
      const input = [{ alg: 'ES256', kid: 'one' }, claims]
        .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
        .join('.')
      const signature = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' })
      return {
        client_assertion: `${input}.${signature.toString('base64url')}`,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      }
    }
    const { verifier, challenge } = pkce()
    const wish = {
      client_id: clientId,
      response_type: 'code',
      redirect_uri: APP_REDIRECT,
      scope: 'openid',
      code_challenge: challenge,
      code_challenge_method: 'S256',
    }
    const from = { 'x-forwarded-for': '198.51.100.250' }
    const wrong = { ...wish, ...proof(other.privateKey) }
    expect((await read(postForm(`${server.url}/par`, wrong, from))).status).toBe(401)
    expect((await read(postForm(`${server.url}/par`, wish))).status).toBe(401)
    const pushed = await read(postForm(`${server.url}/par`, { ...wish, ...proof() }))
    expect(pushed.status).toBe(201)

    const jar = createCookieJar()
    const request = `${server.url}/authorize?${new URLSearchParams({ client_id: clientId, request_uri: pushed.body.request_uri })}`
    const login = await jar.follow(await jar.fetch(request), { stopAt: APP_REDIRECT })
    const consent = await submit(jar, login, { login: sonia.username, password: sonia.password }, APP_REDIRECT)
    const { url } = await submit(jar, consent, { decision: 'allow' }, APP_REDIRECT)
    const code = new URL(url).searchParams.get('code') ?? ''
    const form = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: APP_REDIRECT }
    expect((await read(postForm(`${server.url}/token`, { ...form, client_id: clientId }))).status).toBe(401)
    expect((await read(postForm(`${server.url}/token`, { ...form, ...proof(other.privateKey) }))).status).toBe(401)
    const { status, body } = await read(postForm(`${server.url}/token`, { ...form, ...proof() }))
    expect(status).toBe(200)
    expect(await introspect(server.url, body.access_token)).toMatchObject({ active: true, client_id: clientId })
    expect(site.paths).toEqual(['/by-key.json', '/keys.json'])
  })
})
