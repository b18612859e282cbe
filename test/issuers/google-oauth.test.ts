import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fromPreset } from '../../src/clients/presets.ts'
import { ask, OWNER } from '../admin/administrators.ts'
import { introspect, read, userinfo } from '../endpoints/client.ts'
import {
  formEnding,
  type HostedShop,
  type Page,
  startHostedShop,
  type TestCustomer,
} from '../interaction/hosted-shop.ts'
import { postForm } from '../support/http.ts'

const REDIRECT = 'https://oauth-redirect.googleusercontent.com/r/our-project'
const SANDBOX = 'https://oauth-redirect-sandbox.googleusercontent.com/r/our-project'
const SECRET = 'a-secret-that-google-has'
const SCOPE = 'openid email orders:read'

let shop: HostedShop
let customer: TestCustomer
beforeAll(async () => {
  shop = await startHostedShop()
  customer = await shop.addCustomer()
  const choice = { clientId: 'google', redirectUris: [REDIRECT, SANDBOX], isThirdParty: true }
  const metadata = { ...fromPreset('google', choice), client_name: 'Google', resource_scopes: ['orders:read'] }
  const made = await ask(shop.server, OWNER, 'POST', '/v1/clients', { metadata, secret: SECRET })
  expect(made.status, JSON.stringify(made.body)).toBe(201)
})
afterAll(() => shop?.stop())

const asGoogle = (path: string, fields: Record<string, string>) =>
  read(postForm(`${shop.server.url}${path}`, { client_id: 'google', client_secret: SECRET, ...fields }))
const refresh = (refresh_token: string) => asGoogle('/token', { grant_type: 'refresh_token', refresh_token })

/** As Google opens it: no challenge, no nonce, no resource. */
function authorizeUrl(fields: Record<string, string> = {}): string {
  const all = { client_id: 'google', redirect_uri: REDIRECT, response_type: 'code', state: 'theirs', scope: SCOPE }
  return `/authorize?${new URLSearchParams({ ...all, ...fields })}`
}

/** The address to which the browser is sent back, which is not asked. */
async function submit(visitor: ReturnType<HostedShop['visitor']>, page: Page, ending: string, fields = {}) {
  const form = formEnding(page, ending)
  const body = new URLSearchParams({ ...form.fields, ...fields })
  let answer = await visitor.jar.fetch(form.action, { method: 'POST', body })
  for (;;) {
    const location = answer.headers.get('location')
    if (!location) return { url: answer.url, html: await answer.text(), status: answer.status, headers: answer.headers }
    const next = new URL(location, form.action)
    if (next.hostname.endsWith('.googleusercontent.com'))
      return { url: next.href, html: '', status: 302, headers: answer.headers }
    answer = await visitor.jar.fetch(next)
  }
}

async function link(decision = 'allow', redirect_uri = REDIRECT) {
  const visitor = shop.visitor()
  const login = await visitor.open(authorizeUrl({ redirect_uri }))
  const consent = await submit(visitor, login, '/login', { login: customer.email, password: customer.password })
  return { consent, back: new URL((await submit(visitor, consent, '/consent', { decision })).url) }
}

async function tokens() {
  const { back } = await link()
  const code = back.searchParams.get('code') ?? ''
  const answer = await asGoogle('/token', { grant_type: 'authorization_code', code, redirect_uri: REDIRECT })
  expect(answer.status, answer.text).toBe(200)
  return answer.body as { access_token: string; refresh_token: string; expires_in: number }
}

describe('linking in a browser', () => {
  test('ends at Google with a code, the state and the issuer; refusing ends there, too', async () => {
    const { consent, back } = await link()
    expect(consent.html).toContain('Google')
    expect(back.origin + back.pathname).toBe(REDIRECT)
    expect(Object.fromEntries(back.searchParams)).toEqual({
      code: expect.any(String),
      state: 'theirs',
      iss: shop.server.config.ISSUER,
    })
    const { back: refused } = await link('deny')
    expect(refused.searchParams.get('error')).toBe('access_denied')
    expect((await link('allow', SANDBOX)).back.href).toContain('oauth-redirect-sandbox')
  })

  test.each([
    ['de-AT', 'de'],
    ['fr', 'fr'],
  ])('speaks the language of Google’s user_locale %s', async (user_locale, language) => {
    const page = await shop.visitor().open(authorizeUrl({ user_locale }))
    expect(page.html).toContain(`<html lang="${language}"`)
  })

  test('prefers ui_locales where both are sent', async () => {
    const page = await shop.visitor().open(authorizeUrl({ user_locale: 'de', ui_locales: 'fr' }))
    expect(page.html).toContain('<html lang="fr"')
  })
})

describe('the rules of Google’s validation tool', () => {
  test('an access token is no JWT, and userinfo takes it', async () => {
    const { access_token } = await tokens()
    expect(access_token.split('.')).toHaveLength(1)
    const { status, body } = await read(userinfo(shop.server.url, access_token))
    expect(status).toBe(200)
    expect(body).toMatchObject({ sub: customer.id, email: customer.email })
    const bad = await userinfo(shop.server.url, 'bad')
    expect([bad.status, bad.headers.get('www-authenticate')]).toEqual([401, expect.stringContaining('Bearer')])
  })

  test('an access token that expires came with a refresh token', async () => {
    expect(await tokens()).toMatchObject({
      expires_in: expect.any(Number),
      refresh_token: expect.any(String),
      token_type: 'Bearer',
    })
  })

  test('a refresh gives a new access token each time, and the one before works on', async () => {
    const first = await tokens()
    const second = await refresh(first.refresh_token)
    const third = await refresh(first.refresh_token)
    expect([second.status, third.status]).toEqual([200, 200])
    const all = [first.access_token, second.body.access_token, third.body.access_token]
    expect(new Set(all).size).toBe(3)
    for (const token of all) expect(await introspect(shop.server.url, token)).toMatchObject({ active: true })
  })

  test('a refresh token that was replaced works until its successor was used', async () => {
    const { refresh_token } = await tokens()
    const second = await refresh(refresh_token)
    expect((await refresh(refresh_token)).status).toBe(200)
    expect((await refresh(second.body.refresh_token)).status).toBe(200)
  })

  test.each<[string, () => Promise<{ status: number; body: unknown }>]>([
    ['one that never was', () => refresh('never')],
    ['one that looks like ours', () => refresh(`vrt_${'a'.repeat(65)}`)],
    [
      'one that was revoked',
      async () => {
        const { refresh_token } = await tokens()
        await asGoogle('/revoke', { token: refresh_token, token_type_hint: 'refresh_token' })
        return refresh(refresh_token)
      },
    ],
    [
      'one of another client',
      async () => {
        const fields = { grant_type: 'password', client_id: 'frontend', scope: 'customer' }
        const login = { username: customer.email, password: customer.password }
        const other = await read(postForm(`${shop.server.url}/token`, { ...fields, ...login }))
        return refresh(other.body.refresh_token)
      },
    ],
    [
      'a code that never was',
      () => asGoogle('/token', { grant_type: 'authorization_code', code: 'never', redirect_uri: REDIRECT }),
    ],
    [
      'a code that was used',
      async () => {
        const code = (await link()).back.searchParams.get('code') ?? ''
        const use = () => asGoogle('/token', { grant_type: 'authorization_code', code, redirect_uri: REDIRECT })
        await use()
        return use()
      },
    ],
  ])('%s is 400 and invalid_grant', async (_what, answer) => {
    const { status, body } = await answer()
    expect(status).toBe(400)
    const { error_description, ...rest } = body as Record<string, unknown>
    expect(rest).toEqual({ error: 'invalid_grant' })
    expect(['string', 'undefined']).toContain(typeof error_description)
  })

  test('a refresh token that is revoked takes its access tokens with it', async () => {
    const { access_token, refresh_token } = await tokens()
    const revoked = await asGoogle('/revoke', { token: refresh_token, token_type_hint: 'refresh_token' })
    expect(revoked.status).toBe(200)
    expect(await introspect(shop.server.url, access_token)).toEqual({ active: false })
  })
})
