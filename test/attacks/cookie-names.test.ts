import { expect, test } from 'vitest'
import { authorizationUrl, obtainCode, pkce, submit } from '../endpoints/client.ts'
import { startHostedShop } from '../interaction/hosted-shop.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { freePort } from '../support/free-port.ts'

/** A shop behind a proxy with TLS, and what came back of every kind of visit that sets a cookie. */
async function visit(path: string): Promise<{ cookies: string[]; hasSession: boolean }> {
  const port = String(await freePort())
  const shop = await startHostedShop({ PORT: port, ISSUER: `https://localhost:${port}${path}`, NODE_ENV: 'test' })
  const jar = createCookieJar({ reach: (url) => new URL(url.href.replace(/^https:/, 'http:')) })
  const { url } = shop.server
  try {
    const PKCE = { code_challenge: pkce().challenge, code_challenge_method: 'S256' }
    const login = await jar.follow(await jar.fetch(authorizationUrl(url, PKCE)))
    const uid = new URL(login.url).pathname.split('/').pop()
    for (const page of ['recovery', 'registration']) await jar.fetch(`${url}/${page}?from=${uid}`)
    await obtainCode(url, { client_id: 'third-party-app' }, { jar })
    const again = await obtainCode(url, {}, { jar })
    const device = await jar.fetch(`${url}/device`)
    await device.body?.cancel()
    const signOut = await jar.follow(await jar.fetch(`${url}/logout`))
    await submit(jar, signOut, { logout: 'yes' })
    return { cookies: [...jar.received], hasSession: again.code !== '' }
  } finally {
    await shop.stop()
  }
}

const named = (cookies: readonly string[]) => [...new Set(cookies.map((cookie) => cookie.split('=')[0]))].sort()

test('on https every cookie of the public pages is one that browsers take from this very host over TLS only', async () => {
  const { cookies, hasSession } = await visit('')
  expect(hasSession).toBe(true)
  expect(named(cookies)).toEqual([
    '__Host-vestibule.account',
    '__Host-vestibule.back',
    '__Host-vestibule.browser',
    '__Host-vestibule.device',
    '__Host-vestibule.form',
    '__Host-vestibule_session',
    '__Host-vestibule_session.sig',
    '__Secure-vestibule.client',
    '__Secure-vestibule_interaction',
    '__Secure-vestibule_interaction.sig',
    '__Secure-vestibule_resume',
    '__Secure-vestibule_resume.sig',
  ])
  for (const cookie of cookies) {
    expect(cookie).toMatch(/; secure(;|$)/i)
    expect(cookie).toMatch(/; httponly(;|$)/i)
    expect(cookie).not.toMatch(/; domain=/i)
    if (cookie.startsWith('__Host-')) expect(cookie).toMatch(/; path=\/(;|$)/i)
  }
})

test('below the path of an issuer no cookie goes to what else its host serves', async () => {
  const { cookies, hasSession } = await visit('/auth')
  expect(hasSession).toBe(true)
  const names = ['vestibule.back', 'vestibule.device', 'vestibule.form', 'vestibule_interaction', 'vestibule_session']
  expect(named(cookies)).toEqual(expect.arrayContaining(names.map((name) => `__Secure-${name}`)))
  for (const cookie of cookies) {
    expect(cookie).toMatch(/^__Secure-/)
    expect(cookie).toMatch(/; secure(;|$)/i)
    expect(cookie).toMatch(/; path=\/auth(\/|;|$)/i)
  }
})
