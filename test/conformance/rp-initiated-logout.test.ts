import { afterAll, beforeAll, expect, test } from 'vitest'
import { OWNER } from '../admin/administrators.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { type ConfidentialClient, registerClient } from './confidential-client.ts'

/*
 * The modules of the OpenID Foundation's test plan for RP-initiated logout, played by a client with a secret.
 * endpoints/logout.test.ts holds what the plan does not ask: the tokens of the sign-in, forged answers, POST.
 */

let server: TestServer
let shop: ConfidentialClient
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER })
  shop = await registerClient(server, 'suite-logout')
})
afterAll(() => server?.stop())

type Request = Readonly<Record<string, string>>
const PREFIX = 'oidcc-rp-initiated-logout'

/** The ID token with another subject and the old signature. */
function modified(idToken: string): string {
  const [header, payload = '', signature] = idToken.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
  const changed = Buffer.from(JSON.stringify({ ...claims, sub: 'somebody-else' })).toString('base64url')
  return [header, changed, signature].join('.')
}

test.each<[string, (hint: string, home: string) => Request, string]>([
  [PREFIX, (id_token_hint, home) => ({ id_token_hint, post_logout_redirect_uri: home, state: 'bye' }), '?state=bye'],
  [`${PREFIX}-no-state`, (id_token_hint, home) => ({ id_token_hint, post_logout_redirect_uri: home }), ''],
])('%s: signs out and leads back to the client, with the state it gave', async (_, request, query) => {
  const browser = shop.browser()
  const { id_token } = await browser.tokens()
  // The ID token is that of the very session of a first-party client: there is nothing to ask.
  expect((await browser.signOut(request(id_token, shop.home))).url).toBe(`${shop.home}${query}`)
  expect(await browser.isSignedIn()).toBe(false)
})

test.each<[string, (hint: string, home: string) => Request]>([
  [`${PREFIX}-no-params`, () => ({})],
  [`${PREFIX}-only-state`, () => ({ state: 'bye' })],
  [`${PREFIX}-no-post-logout-redirect-uri`, (id_token_hint) => ({ id_token_hint, state: 'bye' })],
  [`${PREFIX}-no-id-token-hint`, (_, home) => ({ post_logout_redirect_uri: home, state: 'bye' })],
])('%s: signs out after a question, and ends on a page of ours', async (_, request) => {
  const browser = shop.browser()
  const { id_token } = await browser.tokens()
  const page = await browser.signOut(request(id_token, shop.home))
  expect(page.response.status).toBe(200)
  expect(await browser.isSignedIn()).toBe(true)
  const asked = await browser.signOut(request(id_token, shop.home))
  const done = await browser.confirmSignOut(asked)
  expect(new URL(done.url).origin).toBe(server.url)
  expect(done.response.status).toBe(200)
  expect(await browser.isSignedIn()).toBe(false)
})

test.each<[string, (hint: string, home: string) => Request]>([
  [
    `${PREFIX}-bad-post-logout-redirect-uri`,
    (id_token_hint, home) => ({ id_token_hint, post_logout_redirect_uri: `${home}elsewhere`, state: 'bye' }),
  ],
  [
    `${PREFIX}-query-added-to-post-logout-redirect-uri`,
    (id_token_hint, home) => ({ id_token_hint, post_logout_redirect_uri: `${home}?foo=bar`, state: 'bye' }),
  ],
  [
    `${PREFIX}-bad-id-token-hint`,
    (_, home) => ({ id_token_hint: 'no ID token', post_logout_redirect_uri: home, state: 'bye' }),
  ],
  [
    `${PREFIX}-modified-id-token-hint`,
    (hint, home) => ({ id_token_hint: modified(hint), post_logout_redirect_uri: home, state: 'bye' }),
  ],
])('%s: shows an error page, redirects nowhere and leaves the person signed in', async (_, request) => {
  const browser = shop.browser()
  const { id_token } = await browser.tokens()
  const page = await browser.signOut(request(id_token, shop.home))
  expect([new URL(page.url).origin, page.response.status]).toEqual([server.url, 400])
  expect(page.response.headers.get('content-type')).toContain('text/html')
  expect(await browser.isSignedIn()).toBe(true)
})
