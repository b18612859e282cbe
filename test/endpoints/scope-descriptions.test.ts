import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { authorizationUrl, CALLBACK, pkce, read, signIn, sonia, submit } from './client.ts'

const RETURNS = 'urn:example:returns'
const REPAIRS = 'urn:example:repairs'
const HOSTILE = '"><img src=x onerror=alert(1)>\'</li></script>'
const SCOPES = [
  'returns:read',
  'returns:write',
  'only:german',
  'hostile',
  'plain',
  'constructor',
  'orders:read',
  'email',
]

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER })
  await create('resource-servers', {
    identifier: RETURNS,
    format: 'jwt',
    scopes: SCOPES,
    scopeDescriptions: {
      'returns:read': { en: 'See your returns', de: 'Ihre Rücksendungen sehen', 'fr-CA': 'Voir vos retours' },
      'returns:write': { EN: 'Send things back for you' },
      'only:german': { de: 'Etwas Deutsches' },
      hostile: { en: HOSTILE },
      email: { en: 'Nothing of importance' },
    },
  })
  await create('resource-servers', {
    identifier: REPAIRS,
    format: 'jwt',
    scopes: ['returns:read', 'plain'],
    scopeDescriptions: { 'returns:read': { en: 'See what you sent for repair' } },
  })
  await create('clients', {
    metadata: {
      client_id: 'app',
      client_name: 'An app',
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'],
      redirect_uris: [CALLBACK],
      resource_scopes: ['*'],
    },
  })
})
afterAll(() => server?.stop())

async function create(what: string, body: object): Promise<void> {
  const made = await ask(server, OWNER, 'POST', `/v1/${what}`, body)
  if (made.status !== 201) throw new Error(JSON.stringify(made.body))
}

type Wish = { readonly languages: string; readonly scope: string; readonly resources?: readonly string[] }

/** The items of the list of scopes on a page. */
function shown(html: string): string[] {
  const [, list = ''] = /<ul class="list">([\s\S]*?)<\/ul>/.exec(html) ?? []
  return [...list.matchAll(/<li([^>]*)>([\s\S]*?)<\/li>/g)].map(([, attributes, text]) => `${attributes}|${text}`)
}

async function consentPage({ languages, scope, resources = [RETURNS] }: Wish, isByParameter: boolean) {
  const jar = createCookieJar()
  const { challenge } = pkce()
  const fields = { client_id: 'app', scope, code_challenge: challenge, code_challenge_method: 'S256' }
  const wish = isByParameter ? { ui_locales: languages } : {}
  const url = authorizationUrl(server.url, { ...fields, ...wish })
  const named = resources.map((resource) => `&resource=${encodeURIComponent(resource)}`).join('')
  const page = await signIn(jar, await jar.follow(await jar.fetch(url + named)), sonia)
  const headers: Record<string, string> = isByParameter ? {} : { 'accept-language': languages }
  return (await jar.fetch(page.url, { headers })).text()
}

async function devicePage({ languages, scope, resources = [RETURNS] }: Wish) {
  const form = { client_id: 'app', scope, ...(resources[0] && { resource: resources[0] }) }
  const { body } = await read(postForm(`${server.url}/device_authorization`, form))
  const jar = createCookieJar()
  const input = await jar.follow(await jar.fetch(`${server.url}/device?ui_locales=${languages}`))
  const page = await submit(jar, input, { user_code: body.user_code }, 'http://client.invalid')
  const again = await jar.fetch(`${server.url}/device`, {
    method: 'POST',
    headers: { 'accept-language': languages },
    body: new URLSearchParams(formOf(await page.response.text(), body.user_code)),
  })
  return again.text()
}

/** The code again, in a form that the page has just given out. */
function formOf(html: string, userCode: string): Record<string, string> {
  const xsrf = /name="xsrf" value="([^"]+)"/.exec(html)?.[1] ?? ''
  return { xsrf, user_code: userCode }
}

const PAGES: readonly (readonly [string, (wish: Wish) => Promise<string>])[] = [
  ['consent, by ui_locales', (wish) => consentPage(wish, true)],
  ['consent, by the browser', (wish) => consentPage(wish, false)],
  ['device', devicePage],
]

const en = (text: string) => ` lang="en" dir="auto"|${text}`

describe.each(PAGES)('the page of %s', (_name, open) => {
  test.each([
    ['de', ' lang="de" dir="auto"|Ihre Rücksendungen sehen'],
    ['de-CH', ' lang="de" dir="auto"|Ihre Rücksendungen sehen'],
    ['fr-CA', ' lang="fr-CA" dir="auto"|Voir vos retours'],
    ['it', en('See your returns')],
    ['en', en('See your returns')],
  ])('describes a scope to a person who reads %s in that language, else in English', async (languages, item) => {
    expect(shown(await open({ languages, scope: 'returns:read' }))).toEqual([item])
  })

  test.each([
    ['only:german', '|Use the permission “only:german”'],
    ['plain', '|Use the permission “plain”'],
    ['constructor', '|Use the permission “constructor”'],
    ['orders:read', '|See your orders'],
    ['returns:write', ' lang="EN" dir="auto"|Send things back for you'],
    ['hostile', en('&quot;&gt;&lt;img src=x onerror=alert(1)&gt;&#39;&lt;/li&gt;&lt;/script&gt;')],
    ['email', '|See your e-mail address'],
  ])('shows the scope %s as %s', async (scope, item) => {
    expect(shown(await open({ languages: 'en', scope }))).toEqual([item])
  })
})

test('a scope of two resource servers is shown once for each, whatever one of them says', async () => {
  const resources = [RETURNS, REPAIRS]
  const page = await consentPage({ languages: 'en', scope: 'returns:read plain', resources }, true)
  expect(shown(page)).toEqual([
    en('See your returns'),
    en('See what you sent for repair'),
    '|Use the permission “plain”',
  ])
})

test('where no resource server is named, the default one describes its scopes', async () => {
  const identifier = server.config.DEFAULT_RESOURCE
  const path = `/v1/resource-servers/${encodeURIComponent(identifier)}`
  const { body } = await ask(server, OWNER, 'GET', path)
  const described = { ...body, scopeDescriptions: { 'orders:read': { en: 'See what you ordered' } } }
  expect((await ask(server, OWNER, 'PUT', path, described, { 'If-Match': '*' })).status).toBe(200)
  for (const [, open] of PAGES) {
    const page = await open({ languages: 'en', scope: 'orders:read', resources: [] })
    expect(shown(page)).toEqual([en('See what you ordered')])
  }
})
