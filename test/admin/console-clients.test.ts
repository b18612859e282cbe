import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clients } from '../../src/cli/clients/clients.ts'
import { WHAT_DISABLING_DOES } from '../../src/clients/disabling.ts'
import { fromPreset, PRESETS } from '../../src/clients/presets.ts'
import { basicAuth, postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { ask } from './administrators.ts'
import { type ConsoleOperator, createConsoleOperator, signInToConsole } from './console-operator.ts'

const TOKEN = 'an-admin-token-for-tests'
const PAGE = '/console/clients/orders-service'
let server: TestServer
let operator: ConsoleOperator

beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: TOKEN })
  operator = await signInToConsole(server, TOKEN)
})
afterAll(() => server.stop())

const opens = async (secret: string) =>
  (await postForm(`${server.url}/token`, { grant_type: 'client_credentials' }, basicAuth('orders-service', secret)))
    .status === 200
const secretIn = (html: string) => /<code id="secret">([^<]+)<\/code>/.exec(html)?.[1]

test('a new secret is shown once, to the session that made it, works beside the old one, and can be ended', async () => {
  const made = await operator.submit(PAGE, { name: 'autumn', lifetime: '90' })
  const secret = secretIn(made.html) ?? ''
  expect(secret).toMatch(/^[\w-]{43}$/)
  expect(made.html).toMatch(/>in 90 d</)
  expect(secretIn((await operator.get(`${PAGE}?done=secret-made`)).html)).toBeUndefined()
  expect(await opens(secret)).toBe(true)
  expect(await opens('orders-service-secret')).toBe(true)

  const ended = await operator.submit(`${PAGE}/secrets/autumn/end`, { lifetime: '0' })
  expect(ended.html).toContain('The expiry time of the secret is set.')
  expect(await opens(secret)).toBe(false)
  expect(await opens('orders-service-secret')).toBe(true)
})

test('a client that registered itself is told from others, and can be removed', async () => {
  const metadata = {
    client_id: 'stranger',
    self_registered: true,
    resource_scopes: [],
    redirect_uris: ['https://x.example/'],
  }
  await ask(server, TOKEN, 'POST', '/v1/clients', { metadata })
  expect((await operator.get('/console/clients')).html).toMatch(/stranger<\/a>[\s\S]*?registered itself/)
  expect((await operator.get('/console/clients/orders-service')).html).not.toContain('registered itself')
  expect((await operator.get('/console/clients/stranger')).html).toContain('/console/clients/stranger/remove')
  const removed = await operator.submit('/console/clients/stranger/remove', {})
  expect(removed.html).toContain('The client is removed')
  expect((await ask(server, TOKEN, 'GET', '/v1/clients/stranger')).status).toBe(404)
})

test('a client of each preset is registered, its secret is shown once, and warnings are said', async () => {
  for (const preset of PRESETS) {
    const clientId = `made-as-${preset}`
    const isSignIn = !['service', 'dialect'].includes(preset)
    const redirectUris = isSignIn ? 'https://made.example/callback https://made.example/silent' : ''
    const made = await operator.submit('/console/new-client', { clientId, preset, redirectUris, thirdParty: 'no' })
    expect([made.status, made.html.includes('Warning')]).toEqual([200, false])
    const page = `/console/clients/${clientId}`
    expect(secretIn(made.html) !== undefined).toBe(!['spa', 'mobile', 'dialect'].includes(preset))
    expect(secretIn((await operator.get(page)).html)).toBeUndefined()
    const { body } = await ask(server, TOKEN, 'GET', `/v1/clients/${clientId}`)
    const uris = redirectUris.split(' ').filter(Boolean)
    expect(body.metadata).toMatchObject(fromPreset(preset, { clientId, redirectUris: uris, isThirdParty: false }))
  }
  const others = {
    clientId: 'made-for-others',
    preset: 'web',
    redirectUris: 'http://localhost:8080/callback',
    thirdParty: 'yes',
  }
  const warned = await operator.submit('/console/new-client', others)
  expect(warned.html).toContain('Warning: A redirect to loopback')
  expect((await ask(server, TOKEN, 'GET', '/v1/clients/made-for-others')).body.metadata).toMatchObject({
    resource_scopes: [],
  })
})

test.each([
  ['an id that exists', { clientId: 'frontend', preset: 'service' }, 409],
  ['no id', { clientId: ' ', preset: 'spa' }, 400],
  ['an unknown preset', { clientId: 'odd', preset: 'constructor' }, 400],
  ['no preset', { clientId: 'odd' }, 400],
  ['no place to return to', { clientId: 'odd', preset: 'web' }, 400],
  ['a redirect by plain http', { clientId: 'odd', preset: 'web', redirectUris: 'http://odd.example/' }, 400],
  ['an id far too long', { clientId: 'x'.repeat(70_000), preset: 'spa' }, 413],
])('a client with %s is refused in place, and nothing is registered', async (_, fields, status) => {
  const before = (await ask(server, TOKEN, 'GET', '/v1/clients')).body.items
  const refused = await operator.submit('/console/new-client', fields)
  expect(refused.status).toBe(status)
  if (status !== 413) expect(refused.html).toContain('id="problem"')
  expect((await ask(server, TOKEN, 'GET', '/v1/clients')).body.items).toEqual(before)
})

test('a secret that was made in one session is not shown in another', async () => {
  const other = await signInToConsole(server, TOKEN)
  const csrf = await operator.formToken(PAGE)
  const cookie = `vestibule.console=${operator.cookie()}; ${formCookie(operator)}`
  const answer = await fetch(`${server.adminUrl}${PAGE}`, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie },
    body: new URLSearchParams({ csrf, name: 'winter', lifetime: 'never' }),
  })
  expect(answer.status).toBe(303)
  expect(answer.headers.get('location')).not.toMatch(/[\w-]{43}/)
  expect(secretIn((await other.get(PAGE)).html)).toBeUndefined()
  expect(secretIn((await operator.get(PAGE)).html)).toMatch(/^[\w-]{43}$/)
})

test('everybody is signed out of a client after one question', async () => {
  const form = {
    grant_type: 'password',
    client_id: 'frontend',
    username: 'ron@swanson.com',
    password: 'mysecretpassword',
  }
  const { access_token: token = '' } = (await (await postForm(`${server.url}/token`, form)).json()) as {
    access_token?: string
  }
  const isActive = async () => {
    const caller = basicAuth('orders-service', 'orders-service-secret')
    const answer = await postForm(`${server.url}/introspect`, { token }, caller)
    return ((await answer.json()) as { active: boolean }).active
  }
  expect(await isActive()).toBe(true)
  const done = await operator.submit('/console/clients/frontend/sign-out')
  expect(done.html).toContain('All customers are signed out of this client.')
  expect(await isActive()).toBe(false)
})

test('a name that is taken is refused in place, and what was entered is kept', async () => {
  const refused = await operator.submit(PAGE, { name: 'default', lifetime: '365' })
  expect(refused.status).toBe(409)
  expect(refused.html).toContain('it already has a secret named &quot;default&quot;')
  expect(refused.html).toContain('value="default"')
  expect(refused.html).toContain('<option value="365" selected>')
})

test('hostile client names and metadata are inert', async () => {
  const hostile = `"><img src=x onerror=alert(1)>'</script>`
  const id = `evil"/><b>&?#%`
  const metadata = {
    client_id: id,
    resource_scopes: [],
    redirect_uris: ['https://x.example/cb'],
    logo_uri: `https://x.example/"><i>`,
  }
  const create = async (client_name: string) => {
    const answer = await fetch(`${server.adminUrl}/v1/clients`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({ metadata: { ...metadata, client_name } }),
    })
    return answer.status
  }
  expect([await create(`${hostile}\u202E`), await create(hostile)]).toEqual([400, 201])
  const list = await operator.get('/console/clients')
  const address = /href="(\/console\/clients\/evil[^"]*)"/.exec(list.html)?.[1] ?? ''
  const page = await operator.get(address)
  expect(page.status).toBe(200)
  const trail = await operator.get(`/console/audit?clientId=${encodeURIComponent(id)}`)
  for (const { html } of [list, page, trail]) {
    expect(html).not.toMatch(/<img src=x|<\/script>|<b>|<i>/)
  }
  expect(page.html).toContain('&lt;img src=x onerror=alert(1)&gt;')
})

test('hostile names of people and programs in the audit trail are inert', async () => {
  const hostile = `"><img src=x onerror=alert(1)>`
  await postForm(
    `${server.url}/token`,
    { grant_type: 'password', client_id: 'frontend', username: hostile, password: hostile },
    { 'user-agent': hostile },
  )
  await fetch(`${server.url}/jwks`, { headers: { 'user-agent': hostile } })
  for (const path of [
    '/console/audit',
    '/console/keys',
    `/console/audit?clientId=${encodeURIComponent(hostile)}`,
    `/console/audit?type=${encodeURIComponent(hostile)}`,
    `/console/?done=${encodeURIComponent(hostile)}`,
  ]) {
    const { html } = await operator.get(path)
    expect(html, path).not.toContain('<img src=x')
  }
})

test('an anonymous browser cannot make a secret', async () => {
  const shown = await createConsoleOperator(server).post(PAGE, { name: 'stolen', lifetime: 'never' })
  expect(shown.url).toContain('/console/sign-in')
  expect((await operator.get(PAGE)).html).not.toContain('stolen')
})

function formCookie(from: ConsoleOperator): string {
  return `vestibule.console-form=${from.formCookie()}`
}

test('one sentence says what disabling a client does: in the console, the command’s help, the API and the docs', async () => {
  const { paths } = (await (await fetch(`${server.adminUrl}/v1/openapi.json`)).json()) as {
    paths: Record<string, { post: { description: string } }>
  }
  const said = {
    console: (await operator.get(`${PAGE}/disable`)).html,
    command: clients.help,
    api: paths['/v1/clients/{clientId}/disable']?.post.description,
    docs: readFileSync(new URL('../../docs/how-to/admin-api.md', import.meta.url), 'utf8'),
  }
  for (const [where, text] of Object.entries(said)) {
    expect(text?.replaceAll(/\s+/g, ' '), where).toContain(WHAT_DISABLING_DOES)
  }
})
