import { afterAll, beforeAll, expect, test } from 'vitest'
import { createConsoleOperator } from '../admin/console-operator.ts'
import { authorizationUrl, CALLBACK, obtainCode, pkce, submit } from '../endpoints/client.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const NOWHERE = 'http://nowhere.invalid'
const TOKEN = 'an-admin-token-for-tests'
let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: TOKEN })
})
afterAll(() => server?.stop())

/** Addresses that browsers take for another site's, or for a script, and that look like one of ours or like a path. */
const FOREIGN = [
  'https://evil.example/',
  '//evil.example/',
  '///evil.example/',
  '/\\evil.example/',
  '\\\\evil.example/',
  '/\t/evil.example/',
  '\t//evil.example/',
  '/\n/evil.example/',
  '\u0000//evil.example/',
  ' //evil.example/',
  'https:evil.example',
  'https:/\\evil.example',
  '/%09/evil.example',
  '/.//evil.example/',
  '/console/..//evil.example/',
  '/console/\t//evil.example/',
  'http://localhost:8080\t@evil.example/',
  'http://localhost:8080#@evil.example/',
  'JaVaScRiPt:alert(1)',
  'java\tscript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
]

/** Each way on from a page or an endpoint that a request can name, and where it led. */
const PLACES: Readonly<Record<string, (address: string) => Promise<string[]>>> = {
  'a redirect URI': async (redirect_uri) => {
    const S256 = { code_challenge: pkce().challenge, code_challenge_method: 'S256' }
    const answers = [{ ...S256 }, { response_type: 'token' }, { ...S256, prompt: 'none' }, { scope: '"' }].map(
      (fields) => fetch(authorizationUrl(server.url, { ...fields, redirect_uri }), { redirect: 'manual' }),
    )
    return (await Promise.all(answers)).map((answer) => answer.headers.get('location') ?? '')
  },
  'an address after sign-out': async (post_logout_redirect_uri) => {
    const { jar } = await obtainCode(server.url)
    const query = new URLSearchParams({ client_id: 'frontend', post_logout_redirect_uri })
    const page = await jar.follow(await jar.fetch(`${server.url}/logout?${query}`), { stopAt: NOWHERE })
    if (page.response.status !== 200) return [page.url]
    return [(await submit(jar, page, { logout: 'yes' }, NOWHERE)).url]
  },
  'a language': async (ui_locales) => {
    const S256 = { code_challenge: pkce().challenge, code_challenge_method: 'S256' }
    const jar = createCookieJar()
    const page = await jar.follow(await jar.fetch(authorizationUrl(server.url, { ...S256, ui_locales })), {
      stopAt: CALLBACK,
    })
    return [page.url]
  },
  'the way back of the console': async (to) => {
    const browser = createConsoleOperator(server)
    return [(await browser.submit('/console/sign-in', { way: 'token', token: TOKEN, to })).url]
  },
}

test.each(Object.entries(PLACES))('%s leads to no other site, however it is written', async (_, goBy) => {
  for (const address of FOREIGN) {
    for (const led of await goBy(address)) {
      const { origin } = new URL(led, server.url)
      expect([address, led, [server.url, server.adminUrl].includes(origin)]).toEqual([address, led, true])
    }
  }
})
