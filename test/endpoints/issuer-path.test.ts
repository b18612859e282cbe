import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSignIn } from '../../packages/sign-in/src/index.ts'
import { ask, OWNER } from '../admin/administrators.ts'
import { type HostedShop, startHostedShop } from '../interaction/hosted-shop.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { freePort } from '../support/free-port.ts'
import { postForm, postJson } from '../support/http.ts'
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
  signIn,
  sonia,
  submit,
  tokensOf,
  userinfo,
} from './client.ts'

const PATH = '/shop/auth'
let shop: HostedShop
let origin: string
let issuer: string
beforeAll(async () => {
  const port = String(await freePort())
  origin = `http://localhost:${port}`
  issuer = origin + PATH
  shop = await startHostedShop({
    PORT: port,
    ISSUER: issuer,
    ADMIN_TOKEN: OWNER,
    AUTHORIZATION_CHALLENGE: 'on',
    DIALECT_MOUNTS: `magento=/magento,elastic-path=${issuer}/ep`,
    TRUSTED_PROXIES: '127.0.0.1',
    MTLS_CERTIFICATE_HEADER: 'X-Client-Cert',
    MTLS_URL: 'https://mtls.shop.example',
  })
})
afterAll(() => shop?.stop())

const get = (address: string) => read(fetch(address, { redirect: 'manual' }))

test('what browsers ask the host for is answered there, with addresses below the path', async () => {
  for (const base of [origin, issuer]) {
    const { body } = await get(`${base}/.well-known/passkey-endpoints`)
    expect(body).toEqual({ enroll: `${issuer}/account/security/passkey-new`, manage: `${issuer}/account/security` })
    const { headers } = await get(`${base}/.well-known/change-password`)
    expect(headers.get('location')).toBe(`${issuer}/account/security/password`)
  }
})

describe('metadata of an issuer with a path', () => {
  const places = [
    `${PATH}/.well-known/openid-configuration`,
    `${PATH}/.well-known/oauth-authorization-server`,
    `/.well-known/oauth-authorization-server${PATH}`,
    `/.well-known/openid-configuration${PATH}`,
  ]

  test.each(places)('is at %s, and every address in it is below the issuer', async (place) => {
    const { status, body } = await get(origin + place)
    expect([status, body.issuer]).toEqual([200, issuer])
    const addresses = Object.entries(body).filter(([name]) => /_(endpoint|uri)$/.test(name))
    expect(addresses.length).toBeGreaterThan(7)
    for (const [name, address] of addresses)
      expect([name, address]).toEqual([name, expect.stringContaining(`${issuer}/`)])
    const aliases = Object.values(body.mtls_endpoint_aliases as Record<string, string>)
    for (const alias of aliases) expect(alias).toMatch(/^https:\/\/mtls\.shop\.example\/shop\/auth\/\w/)
  })
})

test.each([
  '/',
  '/token',
  '/authorize',
  '/jwks',
  '/device',
  '/recovery',
  '/access-tokens',
  '/assets/style.css',
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
  '/.well-known/oauth-authorization-server/other',
  '/shop/authorize',
  '/shop/auth-token',
  '/shop',
])('%s is not the server’s: there is nothing', async (path) => {
  for (const method of ['GET', 'POST', 'OPTIONS']) {
    expect((await fetch(origin + path, { method, redirect: 'manual' })).status).toBe(404)
  }
})

test('probes answer at the root, where balancers ask, and below the path', async () => {
  for (const base of [origin, issuer]) {
    expect((await get(`${base}/health/live`)).status).toBe(200)
    expect((await get(`${base}/health/ready`)).status).toBe(200)
  }
})

describe('below the path of the issuer', () => {
  test('a code, its tokens, refresh, userinfo, introspection and keys work', async () => {
    const { code, verifier } = await obtainCode(issuer)
    const { status, body: tokens } = await read(redeem(issuer, code, verifier))
    expect(status).toBe(200)
    expect(decode(tokens.access_token).payload.iss).toBe(issuer)
    expect(decode(tokens.id_token).payload.iss).toBe(issuer)
    expect((await read(refresh(issuer, tokens.refresh_token))).status).toBe(200)
    expect((await userinfo(issuer, tokens.access_token)).status).toBe(200)
    expect(await introspect(issuer, tokens.access_token)).toMatchObject({ active: true, iss: issuer })
    expect((await get(`${issuer}/jwks`)).body.keys.length).toBeGreaterThan(0)
  })

  test('a request to sign in and one to sign out may come by POST', async () => {
    const jar = createCookieJar()
    const PKCE = { code_challenge: pkce().challenge, code_challenge_method: 'S256' }
    const request = new URL(authorizationUrl(issuer, PKCE))
    const posted = await jar.fetch(`${issuer}/authorize`, { method: 'POST', body: request.searchParams })
    const { url } = await signIn(jar, await jar.follow(posted), sonia)
    expect(url).toMatch(CALLBACK)
    const out = await jar.fetch(`${issuer}/logout`, { method: 'POST', body: new URLSearchParams() })
    const page = await jar.follow(out)
    expect(page.url).toBe(`${issuer}/logout?`)
    expect((await submit(jar, page, { logout: 'yes' })).url).toBe(`${issuer}/logout/success`)
  })

  test('a device is connected, and a code without a session leads to the form', async () => {
    const { body } = await read(
      postForm(`${issuer}/device_authorization`, { client_id: 'device-app', scope: 'openid' }),
    )
    expect(body.verification_uri).toBe(`${issuer}/device`)
    const jar = createCookieJar()
    let page = await jar.follow(await jar.fetch(body.verification_uri))
    page = await submit(jar, page, { user_code: body.user_code })
    page = await submit(jar, page, { confirm: 'yes' })
    page = await signIn(jar, page, sonia)
    page = await submit(jar, page, { decision: 'allow' })
    const polled = await read(
      postForm(`${issuer}/token`, {
        grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
        client_id: 'device-app',
        device_code: body.device_code,
      }),
    )
    expect([polled.status, page.url.startsWith(`${issuer}/device`)]).toEqual([200, true])
    const lost = await fetch(`${issuer}/device`, { method: 'POST', redirect: 'manual', body: new URLSearchParams() })
    expect([lost.status, lost.headers.get('location')]).toEqual([303, `${PATH}/device`])
  })

  test('every address on a page, and every redirect to one, is below it', async () => {
    const visitor = createCookieJar()
    const PKCE = { code_challenge: pkce().challenge, code_challenge_method: 'S256' }
    const login = await visitor.follow(await visitor.fetch(authorizationUrl(issuer, PKCE)))
    const pages = [
      await login.response.text(),
      ...(await Promise.all(
        ['/recovery', '/registration', '/device', '/sent/recovery', '/done/unblocked', '/logout/success'].map(
          async (path) => (await get(issuer + path)).text,
        ),
      )),
    ]
    for (const html of pages) {
      const addresses = [...html.matchAll(/\b(?:href|src|action)="([^"#]*)"/g)].map(([, address = '']) => address)
      expect(addresses.length).toBeGreaterThan(1)
      for (const address of addresses) {
        expect(new URL(address, issuer).href).toMatch(`${issuer}/`)
        if (address.includes('/assets/')) expect((await get(origin + address)).status).toBe(200)
      }
    }
  })

  test('dialects are served, at the root of the issuer and mounted', async () => {
    const document = { data: { type: 'access-tokens', attributes: sonia } }
    expect((await postJson(`${issuer}/access-tokens`, document)).status).toBe(201)
    const magento = await postJson(`${issuer}/magento/rest/V1/integration/customer/token`, sonia)
    expect(magento.status).toBe(200)
    const elasticPath = await read(
      postForm(`${issuer}/ep/oauth/access_token`, { grant_type: 'implicit', client_id: 'frontend' }),
    )
    expect(elasticPath.status).toBe(200)
  })

  test('a known path with another method is 405, and its message names the address as it was asked', async () => {
    const { status, headers, body } = await read(fetch(`${issuer}/token`, { method: 'PUT' }))
    expect([status, headers.get('allow')]).toEqual([405, 'OPTIONS, POST'])
    expect(body.error_description).toContain(`${PATH}/token`)
  })
})

test('the admin listener has no path', async () => {
  expect((await ask(shop.server, OWNER, 'GET', '/v1/clients')).status).toBe(200)
  expect((await ask(shop.server, OWNER, 'GET', `${PATH}/v1/clients`)).status).toBe(404)
  expect((await get(`${shop.server.adminUrl}/health/ready`)).status).toBe(200)
})

test('tokens of an issuer beside it are none of ours', async () => {
  const { access_token } = await tokensOf(issuer)
  const [header, payload = '', signature] = access_token.split('.')
  const other = { ...JSON.parse(Buffer.from(payload, 'base64url').toString()), iss: origin }
  const forged = [header, Buffer.from(JSON.stringify(other)).toString('base64url'), signature].join('.')
  expect(await introspect(issuer, forged)).toEqual({ active: false })
})

test('apps with screens of their own ask below it, with proofs for that address', async () => {
  const metadata = {
    client_id: 'own-screens',
    first_party: true,
    authorization_challenge: true,
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: [CALLBACK],
  }
  expect((await ask(shop.server, OWNER, 'POST', '/v1/clients', { metadata })).status).toBe(201)
  const app = createSignIn({ issuer, clientId: 'own-screens' })
  expect((await app.login(sonia.username, sonia.password))?.tokenType).toBe('DPoP')
  expect((await app.refresh()).accessToken).toEqual(expect.any(String))
})
