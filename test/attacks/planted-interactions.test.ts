import { afterAll, beforeAll, expect, test } from 'vitest'
import { authorizationUrl, CALLBACK, pkce, signIn, sonia } from '../endpoints/client.ts'
import { type CookieJar, createCookieJar } from '../support/cookie-jar.ts'
import { freePort } from '../support/free-port.ts'
import { readForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer

beforeAll(async () => {
  const port = String(await freePort())
  server = await startTestServer({ PORT: port, ISSUER: `https://localhost:${port}`, NODE_ENV: 'test' })
})
afterAll(() => server.stop())

/** Behind a proxy with TLS. */
function browser(): CookieJar {
  return createCookieJar({ reach: (url) => new URL(url.href.replace(/^https:/, 'http:')) })
}

/** A sign-in of the thief, whose cookies another subdomain has put into the browser of somebody else. */
async function plantSignIn(prepare: (thief: CookieJar, page: Awaited<ReturnType<CookieJar['follow']>>) => unknown) {
  const [thief, victim] = [browser(), browser()]
  const PKCE = { code_challenge: pkce().challenge, code_challenge_method: 'S256' }
  const page = await thief.follow(await thief.fetch(authorizationUrl(server.url, PKCE)))
  await prepare(thief, page)
  for (const cookie of thief.received) victim.plant(page.url, cookie)
  const uid = new URL(page.url).pathname.split('/').pop()
  return { thief, victim, login: page.url, resume: `${server.url}/authorize/${uid}` }
}

test('a sign-in that somebody else began, planted by another subdomain, cannot be opened', async () => {
  const { thief, victim, login, resume } = await plantSignIn(() => undefined)
  const page = await victim.follow(await victim.fetch(login))
  expect(page.response.status).toBe(400)
  // Somebody who had the form all the same would send it in vain.
  const answer = await victim.fetch(`${login}/login`, {
    method: 'POST',
    body: new URLSearchParams({ login: sonia.username, password: sonia.password }),
  })
  expect(answer.status).toBe(400)
  const after = await thief.follow(await thief.fetch(resume), { stopAt: CALLBACK })
  expect(after.url).not.toContain('code=')
})

test('a sign-in that somebody else made, planted by another subdomain, signs nobody in', async () => {
  const { thief, victim, resume } = await plantSignIn(async (thief, page) => {
    const form = readForm(await page.response.text(), page.url)
    const fields = { ...form.fields, login: sonia.username, password: sonia.password }
    const answer = await thief.fetch(form.action, { method: 'POST', body: new URLSearchParams(fields) })
    expect(answer.headers.get('location')).toContain('/authorize/')
  })
  const planted = await victim.follow(await victim.fetch(resume), { stopAt: CALLBACK })
  expect(planted.response.status).toBe(400)
  expect(victim.get(server.url, '__Host-vestibule_session')).toBeUndefined()
  const own = await thief.follow(await thief.fetch(resume), { stopAt: CALLBACK })
  expect(own.url).toContain('code=')
})

test('a sign-in goes on in the browser it began in', async () => {
  const jar = browser()
  const PKCE = { code_challenge: pkce().challenge, code_challenge_method: 'S256' }
  const page = await jar.follow(await jar.fetch(authorizationUrl(server.url, PKCE)))
  expect((await signIn(jar, page, sonia)).url).toContain('code=')
})
