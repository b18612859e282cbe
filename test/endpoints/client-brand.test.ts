import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCookieJar } from '../support/cookie-jar.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { authorizationUrl, CALLBACK, pkce } from './client.ts'

const ADMIN_TOKEN = 'an-admin-token-for-tests'
let server: TestServer
beforeAll(async () => {
  server = await startTestServer({
    ADMIN_TOKEN,
    BRAND_NAME: 'Acme Shop',
    BRAND_HOME_URL: 'https://acme.example/',
    BRAND_IMPRINT_URL: 'https://acme.example/imprint',
  })
})
afterAll(() => server?.stop())

const brand = {
  client_name: 'Acme Outlet',
  brand_color: '#7A1FA2',
  logo_uri: 'https://cdn.acme.example/outlet.png',
  client_uri: 'https://outlet.acme.example/',
  policy_uri: 'https://outlet.acme.example/privacy',
  tos_uri: 'https://outlet.acme.example/terms',
}

async function register(metadata: Record<string, unknown>) {
  const answer = await fetch(`${server.adminUrl}/v1/clients`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${ADMIN_TOKEN}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({
      metadata: {
        token_endpoint_auth_method: 'none',
        application_type: 'native',
        redirect_uris: [CALLBACK],
        response_types: ['code'],
        resource_scopes: [],
        ...metadata,
      },
    }),
  })
  return { status: answer.status, text: await answer.text() }
}

async function loginPage(clientId: string) {
  const asked = {
    client_id: clientId,
    code_challenge: pkce().challenge,
    code_challenge_method: 'S256',
    prompt: 'login',
  }
  const jar = createCookieJar()
  const { response } = await jar.follow(await jar.fetch(authorizationUrl(server.url, asked)))
  const html = await response.text()
  const part = (name: string) => new RegExp(`<${name}.*</${name}>`, 's').exec(html)?.[0] ?? ''
  return { header: part('header'), main: part('main'), footer: part('footer'), html, headers: response.headers }
}

test("a client of the shop's own brings its logo, home, links and colours; what it does not have stays the shop's", async () => {
  expect((await register({ client_id: 'outlet', first_party: true, ...brand })).status).toBe(201)
  const { header, main, footer, headers } = await loginPage('outlet')
  expect(header).toContain('<a href="https://outlet.acme.example/">')
  expect(header).toContain('src="https://cdn.acme.example/outlet.png" alt="Acme Outlet"')
  for (const link of [brand.policy_uri, brand.tos_uri, 'https://acme.example/imprint'])
    expect(footer).toContain(`href="${link}"`)
  expect(main).not.toContain('class="links"')
  expect(headers.get('content-security-policy')).toContain("img-src 'self' https://cdn.acme.example;")
})

test("on behalf of others' clients the page stays the shop's, in the colours of the client", async () => {
  expect((await register({ client_id: 'others', ...brand })).status).toBe(201)
  const { header, main, footer, html } = await loginPage('others')
  expect(header).toContain('<a href="https://acme.example/">')
  expect(header).toContain('Acme Shop')
  expect(header).not.toContain('cdn.acme.example')
  expect(main).toContain('class="client-logo" src="https://cdn.acme.example/outlet.png"')
  // Beside the links of the shop below the page, these say whose they are.
  for (const [uri, text] of [
    [brand.policy_uri, 'Privacy policy of Acme Outlet'],
    [brand.tos_uri, 'Terms of Acme Outlet'],
  ])
    expect(main).toContain(
      `<a href="${uri}" target="_blank" rel="noopener noreferrer">${text} (<bdi dir="ltr">outlet.acme.example</bdi>)</a>`,
    )
  expect(footer).not.toContain('outlet')
  expect(html).toMatch(/<link rel="stylesheet" href="\/assets\/client-7a1fa2\.[\w-]{16}\.css">/)
})

test('the stylesheet of a colour is data of its name: kept for a year, there for old pages, and nothing but colours', async () => {
  const { html } = await loginPage('others')
  const path = /href="(\/assets\/client-[^"]+)"/.exec(html)?.[1] ?? ''
  const sheet = await fetch(server.url + path)
  expect(sheet.headers.get('content-type')).toBe('text/css; charset=utf-8')
  expect(sheet.headers.get('cache-control')).toContain('immutable')
  expect(await sheet.text()).toMatch(
    /^(:root\{|@media \(prefers-color-scheme: dark\)\{:root\{)(--v-color-[a-z-]+:#[0-9a-f]{6};?)+/,
  )
  expect((await fetch(`${server.url}/assets/client-00ff00.css`)).status).toBe(200)
  for (const name of [
    'client-00ff0.css',
    'client-00ff00%7D.css',
    'client-00FF00.css',
    'client-..css',
    'client-00ff00.js',
  ])
    expect((await fetch(`${server.url}/assets/${name}`)).status, name).toBe(404)
})

test.each(['red; } body{display:none', 'red', '#12', 'url(https://evil.example)', '', 7])(
  'a client with the colour %j is refused',
  async (brand_color) => {
    const { status, text } = await register({ client_id: 'wrong', ...brand, brand_color })
    expect(status).toBe(400)
    expect(text).toContain('brand_color')
  },
)

test('a colour that cannot be read is stored, with a warning that names the corrected shade', async () => {
  const { status, text } = await register({ client_id: 'faint', ...brand, brand_color: '#ffcc00' })
  expect(status).toBe(201)
  expect(text).toMatch(/The brand_color #ffcc00 stands out .* links are shown in #[0-9a-f]{6}/)
})
