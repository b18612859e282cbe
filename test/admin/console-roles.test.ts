import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postJson } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { type ConsoleOperator, createConsoleOperator, signInToConsole } from './console-operator.ts'

const TOKEN = 'an-admin-token-for-tests'
const OWNER = { authorization: `Bearer ${TOKEN}` }
const PASSWORD = 'a password of an administrator'
let server: TestServer

beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: TOKEN })
})
afterAll(() => server.stop())

type Role = 'viewer' | 'support' | 'security'

async function tokenOf(role: Role, name: string = role): Promise<string> {
  const made = await postJson(`${server.adminUrl}/v1/admin-tokens`, { name, role }, OWNER)
  return ((await made.json()) as { token: string }).token
}

async function waitingKid(): Promise<string> {
  const answer = await fetch(`${server.adminUrl}/v1/keys`, { headers: OWNER })
  const { items } = (await answer.json()) as { items: { kid: string; state: string }[] }
  return items.find(({ state }) => state === 'pending')?.kid ?? ''
}

describe('a viewer', () => {
  let viewer: ConsoleOperator
  beforeAll(async () => {
    viewer = await signInToConsole(server, await tokenOf('viewer'))
  })

  test.each([
    '/console/',
    '/console/keys',
    '/console/clients',
    '/console/clients/orders-service',
    '/console/customers',
    '/console/customers/DE--21',
    '/console/lockouts?login=sonia%40spryker.com',
    '/console/audit',
    '/console/dialects',
    '/console/issuers',
    '/console/client-documents',
  ])('sees %s, and no button on it but the way out and searches', async (page) => {
    const { status, html } = await viewer.get(page)
    expect(status).toBe(200)
    expect(html).toContain('admin-token:viewer, viewer')
    const posts = [
      ...html.matchAll(/<form [^>]*method="post"[^>]*action="([^"]+)"|action="([^"]+)"[^>]*method="post"/g),
    ]
    expect(posts.map(([, action]) => action)).toEqual(['/console/sign-out'])
    expect(html).not.toMatch(
      /(Rotate|Revoke|Disable|Retire|Publish another|Register a client|End it|Sign with it|Sign out everywhere|Sign out all customers|Block|Remove the lockouts)…/,
    )
  })

  test.each([
    ['/console/keys/rotate', { force: 'yes' }],
    ['/console/keys/generate', { algorithm: 'ES256' }],
    ['/console/keys/:kid/revoke', {}],
    ['/console/clients/orders-service', { name: 'stolen', lifetime: 'never' }],
    ['/console/new-client', { clientId: 'stolen', preset: 'service' }],
    ['/console/clients/orders-service/disable', {}],
    ['/console/clients/orders-service/secrets/default/end', { lifetime: '0' }],
    ['/console/customers/DE--21/sign-out', {}],
    ['/console/customers/DE--21/block', {}],
    ['/console/lockouts', { login: 'sonia@spryker.com', realm: 'customer' }],
  ])('who posts to %s all the same is refused in place, told why, and audited', async (path, fields) => {
    const kid = await waitingKid()
    const csrf = await viewer.formToken()
    const refused = await viewer.post(path.replace(':kid', kid), { ...fields, csrf })
    expect(refused.status).toBe(403)
    expect(refused.html).toMatch(
      /This needs the role &quot;\w+&quot; or a higher one; your role is &quot;viewer&quot;\./,
    )
    expect(await waitingKid()).toBe(kid)
    expect((await viewer.get('/console/audit?type=admin.refused')).html).toContain('admin-token:viewer')
  })
})

test('security may press what a viewer may not see', async () => {
  const security = await signInToConsole(server, await tokenOf('security'))
  const made = await security.submit('/console/clients/third-party-app', { name: 'autumn', lifetime: '30' })
  expect(made.html).toMatch(/<code id="secret">[\w-]{43}<\/code>/)
})

test('a token that is revoked ends its sessions at their next page', async () => {
  const support = await signInToConsole(server, await tokenOf('support', 'short-lived'))
  expect((await support.get('/console/keys')).url).toMatch(/\/console\/keys$/)
  await postJson(`${server.adminUrl}/v1/admin-tokens/short-lived/revoke`, {}, OWNER)
  expect((await support.get('/console/keys')).url).toContain('/console/sign-in')
})

describe('an administrator', () => {
  const email = 'ops@example.com'
  beforeAll(async () => {
    const made = await postJson(
      `${server.adminUrl}/v1/administrators`,
      { email, role: 'security', password: PASSWORD },
      OWNER,
    )
    expect(made.status).toBe(201)
  })

  test('signs in with e-mail address and password, is called by them, and is audited under their own name', async () => {
    const operator = createConsoleOperator(server)
    const shown = await operator.submit('/console/sign-in', { way: 'password', email, password: PASSWORD })
    expect(shown.html).toContain('ops@example.com, security')
    await operator.submit('/console/keys/generate', { algorithm: 'ES256' })
    expect((await operator.get('/console/audit?type=key.changed')).html).toMatch(/administrator:[0-9a-f-]{36}/)
  })

  test('a wrong password is refused in place; the address stays, the password does not', async () => {
    const fields = { way: 'password', email, password: 'not-the-password' }
    const refused = await createConsoleOperator(server).submit('/console/sign-in', fields)
    expect(refused.status).toBe(401)
    expect(refused.html).toContain('Wrong e-mail address, password or code.')
    expect(refused.html).toContain('value="ops@example.com"')
    expect(refused.html).not.toContain('not-the-password')
  })

  test('chooses another password, which ends every session', async () => {
    const next = 'another password of an administrator'
    const [operator, elsewhere] = [createConsoleOperator(server), createConsoleOperator(server)]
    for (const browser of [operator, elsewhere]) {
      await browser.submit('/console/sign-in', { way: 'password', email, password: PASSWORD })
    }
    const wrong = await operator.submit('/console/password', { current: 'wrong', password: next })
    expect(wrong.status).toBe(422)
    expect(wrong.html).toContain('The current password is wrong.')
    const done = await operator.submit('/console/password', { current: PASSWORD, password: next })
    expect(done.html).toContain('Your password is changed.')
    expect((await elsewhere.get('/console/keys')).url).toContain('/console/sign-in')
    await operator.submit('/console/sign-in', { way: 'password', email, password: next })
    expect((await operator.submit('/console/password', { current: next, password: PASSWORD })).url).toContain('sign-in')
  })

  test('who signs out of the console ends the session for the API too', async () => {
    const operator = createConsoleOperator(server)
    await operator.submit('/console/sign-in', { way: 'password', email, password: PASSWORD })
    await operator.submit('/console/', {}, '/console/sign-out')
    expect((await operator.get('/console/keys')).url).toContain('/console/sign-in')
  })
})
