import { writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask } from '../admin/administrators.ts'
import { authorizationUrl, CALLBACK, pkce } from '../endpoints/client.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const OWNER = 'an-admin-token-for-tests'
const BROWSER = 'text/html,application/xhtml+xml,*/*;q=0.8'
const SCRIPT =
  '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40" onload="alert(1)"><script>alert(1)</script></svg>'

let server: TestServer
beforeAll(async () => {
  const BRAND_LOGO = join(temporaryDirectory('logo'), 'logo.svg')
  writeFileSync(BRAND_LOGO, SCRIPT)
  server = await startTestServer({ ADMIN_TOKEN: OWNER, BRAND_NAME: 'Acme Shop', BRAND_LOGO })
})
afterAll(() => server?.stop())

/** As it is, for `fetch` tidies a target up before it sends it. */
function raw(path: string, headers: Record<string, string> = {}) {
  return new Promise<{ status: number; location: string | undefined; body: string }>((resolve, reject) => {
    const { hostname, port } = new URL(server.url)
    request({ hostname, port, path, headers: { accept: BROWSER, ...headers } }, async (answer) =>
      resolve({ status: answer.statusCode ?? 0, location: answer.headers.location, body: await text(answer) }),
    )
      .on('error', reject)
      .end()
  })
}

describe('a client of others cannot pass for the shop:', () => {
  test.each([
    [
      'addresses that are none',
      { logo_uri: 'http://cdn.example/x.png', client_uri: 'http://u:p@x.example/', policy_uri: 'http://x.example/' },
    ],
    [
      'its own name, logo, home and terms',
      {
        client_name: 'Acme Shop support',
        logo_uri: 'https://evil.example/l.png',
        client_uri: 'https://evil.example/',
        policy_uri: 'https://evil.example/p',
        tos_uri: 'https://evil.example/t',
      },
    ],
  ])('%s do not get into the header, the footer or the title of the login page', async (name, metadata) => {
    const client_id = name.replaceAll(/\W+/g, '-')
    const given = {
      token_endpoint_auth_method: 'none',
      application_type: 'native',
      redirect_uris: [CALLBACK],
      response_types: ['code'],
      resource_scopes: [],
    }
    expect(
      (await ask(server, OWNER, 'POST', '/v1/clients', { metadata: { ...given, client_id, ...metadata } })).status,
    ).toBe(201)
    const asked = authorizationUrl(server.url, {
      client_id,
      code_challenge: pkce().challenge,
      code_challenge_method: 'S256',
    })
    const jar = createCookieJar()
    const html = await (await jar.follow(await jar.fetch(asked))).response.text()
    const frame = html.replace(/<main.*<\/main>/s, '')
    expect(frame).not.toMatch(/evil\.example|x\.example|cdn\.example|support/)
    expect(frame).toContain('<title>Sign in · Acme Shop</title>')
    expect(html).not.toMatch(/http:\/\/(u:p@)?(x|cdn)\.example/)
  })
})

test('a logo with a script is a picture on pages, and runs nothing where it is opened by itself', async () => {
  const page = await raw('/')
  const address = /<img src="([^"]*\/logo\.[^"]*\.svg)"/.exec(page.body)?.[1] ?? ''
  const logo = await fetch(server.url + address)
  expect(logo.status).toBe(200)
  expect(logo.headers.get('content-security-policy')).toBe("default-src 'none'; style-src 'unsafe-inline'; sandbox")
  expect(logo.headers.get('x-content-type-options')).toBe('nosniff')
  expect(page.body).not.toContain('onload')
})

describe('an address says nothing on the page that answers it:', () => {
  test.each([
    '/<script>alert(1)</script>',
    '/%3Cscript%3Ealert(1)%3C%2Fscript%3E',
    '/Call%20555-0199%20now',
    '/x?error=Call-555-0199',
    '//evil.example/',
    '/\\evil.example',
    '/.%2e/evil.example',
    '/%00',
    `/${'a'.repeat(4000)}`,
  ])('%s', async (path) => {
    const { status, location, body } = await raw(path)
    expect([400, 404]).toContain(status)
    expect(location).toBeUndefined()
    expect(body).not.toMatch(/<script|555-0199|evil\.example|a{200}/)
  })
})

test('the language that a link asks for, and the host it is sent to, do not lead away', async () => {
  const foreign = { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' }
  for (const path of [
    '/?ui_locales=//evil.example/',
    '/?ui_locales=%0d%0aLocation:%20https://evil.example/',
    '/nothing',
  ]) {
    const { body, location } = await raw(path, foreign)
    expect(location).toBeUndefined()
    for (const [, address] of body.matchAll(/(?:href|src|action)="([^"]*)"/g)) expect(address).toMatch(/^\/(?![/\\])/)
  }
  const { status, location } = await raw('/.well-known/change-password?ui_locales=//evil.example/', foreign)
  expect([status, location]).toEqual([303, `${server.url}/account/security/password`])
})
