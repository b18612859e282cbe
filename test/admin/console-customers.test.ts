import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { basicAuth, postForm, postJson } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { type ConsoleOperator, signInToConsole } from './console-operator.ts'

const TOKEN = 'an-admin-token-for-tests'
const RON = '79cc0486-bbdf-491b-a0a2-722383b6288b'
const PAGE = `/console/customers/${RON}`
let server: TestServer
let operator: ConsoleOperator

beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: TOKEN, LOCKOUT_ATTEMPTS: '2' })
  const answer = await postJson(
    `${server.adminUrl}/v1/admin-tokens`,
    { name: 'desk', role: 'support' },
    { authorization: `Bearer ${TOKEN}` },
  )
  operator = await signInToConsole(server, ((await answer.json()) as { token: string }).token)
})
afterAll(() => server.stop())

const signIn = async (username = 'ron@swanson.com', password = 'mysecretpassword') => {
  const form = { grant_type: 'password', client_id: 'frontend', username, password }
  return (await (await postForm(`${server.url}/token`, form)).json()) as { access_token?: string }
}
const isActive = async (token = '') => {
  const caller = basicAuth('orders-service', 'orders-service-secret')
  const answer = await postForm(`${server.url}/introspect`, { token }, caller)
  return ((await answer.json()) as { active: boolean }).active
}

describe('an imported password', () => {
  const hash = '13601bda4ea78e55a07b98866d2be6be0744e3866f13c00c811cab608a28f322:salt:1'
  const call = (method: string, path: string, body?: string) =>
    fetch(`${server.adminUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/x-ndjson' },
      ...(body !== undefined && { body }),
    })
  const stateOf = async (reference: string) => (await call('GET', `/v1/customers/${reference}/password`)).json()
  const pageOf = async (reference: string) => (await operator.get(`/console/customers/${reference}`)).html
  const person = (reference: string, password?: object) =>
    JSON.stringify({ customerReference: reference, email: `${reference}@example.com`, password })

  test('is shown as what it is, bare and wrapped, by API, console and export, and its hash never', async () => {
    const lines = [person('magento-1', { scheme: 'magento', hash }), person('none-1')].join('\n')
    await (await call('POST', '/v1/customers/import?wrap=false', lines)).text()
    expect(await stateOf('magento-1')).toEqual({ scheme: 'magento', state: 'bare' })
    expect(await stateOf('none-1')).toEqual({ state: 'none' })
    expect(await pageOf('magento-1')).toContain('magento: imported, a fast hash that waits to be wrapped')

    await (await call('POST', '/v1/customers/wrap')).text()
    expect(await stateOf('magento-1')).toEqual({ scheme: 'argon2id(magento)', state: 'wrapped' })
    const html = await pageOf('magento-1')
    expect(html).toContain('argon2id(magento): imported, wrapped in argon2id until the next sign-in')
    expect(html).not.toContain('13601bda')
    expect(await (await call('GET', '/v1/customers/magento-1/personal-data')).json()).toMatchObject({
      account: { passwordScheme: 'argon2id(magento)' },
    })
    const exported = await (await call('GET', '/v1/customers/export?hashes=true')).text()
    expect(exported).toContain('"scheme":"argon2id(magento)"')
    expect(exported).not.toContain('13601bda')
  })
})

describe('a search', () => {
  test.each(['ron@swanson', 'RON@', 'swanson.com'])('for "%s" finds the customer and nobody else', async (search) => {
    const { html } = await operator.get(`/console/customers?search=${encodeURIComponent(search)}`)
    expect(html).toContain(`href="${PAGE}"`)
    expect(html).not.toContain('sonia@spryker.com')
  })

  test('that finds nobody says so, and one that is too short is refused in place', async () => {
    expect((await operator.get('/console/customers?search=nobody-at-all')).html).toContain('No customers match.')
    const refused = await operator.get('/console/customers?search=r')
    expect(refused.status).toBe(400)
    expect(refused.html).toContain('role="alert"')
  })

  test('goes on by cursor and says where it began', async () => {
    const { html } = await operator.get('/console/customers?status=active')
    expect(html).not.toContain('Next page')
    const list = await (
      await fetch(`${server.adminUrl}/v1/customers?limit=1`, { headers: { authorization: `Bearer ${TOKEN}` } })
    ).json()
    const { next, items } = list as { next: string; items: { email: string }[] }
    const second = await operator.get(`/console/customers?status=active&cursor=${next}`)
    expect(second.html).not.toContain(`>${items[0]?.email}<`)
    expect(second.html).toContain('<a class="button" href="/console/customers?status=active">First page</a>')
  })
})

test('a customer is shown with companies, roles and permissions', async () => {
  const { html } = await operator.get('/console/customers?search=sonia')
  const address = /href="(\/console\/customers\/[0-9a-f-]{36})"/.exec(html)?.[1] ?? ''
  const page = await operator.get(address)
  expect(page.html).toContain('ebf4b55a-cab0-5ed0-8fb7-525a3eeedeac')
  expect(page.html).toMatch(/class="item">\w+/)
})

test.each(['export', 'migration', 'import', 'a%3Fb', '%25'])(
  'a page of a customer named %s asks for that customer and nothing else',
  async (name) => {
    const owner = await signInToConsole(server, TOKEN)
    const headers = { authorization: `Bearer ${TOKEN}` }
    const exportsOf = async () => {
      const trail = await fetch(`${server.adminUrl}/v1/audit?type=customer.exported`, { headers })
      return ((await trail.json()) as { items: object[] }).items
    }
    const before = await exportsOf()
    for (const page of ['', '/block', '/sign-out'])
      expect([page, (await owner.get(`/console/customers/${name}${page}`)).status]).toEqual([page, 404])
    expect(await exportsOf()).toEqual(before)
  },
)

test('one sign-in is ended, and the others go on', async () => {
  const tokens = [await signIn(), await signIn()]
  const { html } = await operator.get(PAGE)
  const ends = [...html.matchAll(/href="([^"]+\/grants\/[^"]+\/end)"/g)].map(([, address = '']) => address)
  expect(ends.length).toBeGreaterThanOrEqual(2)
  const ended = await operator.submit(ends[0] ?? '')
  expect(ended.html).toContain('The sign-in is ended.')
  const alive = await Promise.all(tokens.map(({ access_token }) => isActive(access_token)))
  expect(alive.sort()).toEqual([false, true])
})

test('a sign-in is found at its client too, and ended there', async () => {
  const { access_token } = await signIn()
  const { html } = await operator.get('/console/clients/frontend/grants')
  expect(html).toContain(`href="${PAGE}"`)
  const end = /href="([^"]+\/grants\/[^"]+\/end)"/.exec(html)?.[1] ?? ''
  expect((await operator.submit(end)).html).toContain('The sign-in is ended.')
  expect(await isActive(access_token)).toBe(false)
})

test('signing out everywhere asks once and ends every token', async () => {
  const { access_token } = await signIn()
  await operator.get(`${PAGE}/sign-out`)
  expect(await isActive(access_token)).toBe(true)
  const done = await operator.submit(`${PAGE}/sign-out`)
  expect(done.html).toContain('They are signed out everywhere.')
  expect(done.html).toContain('There are no active sign-ins.')
  expect(await isActive(access_token)).toBe(false)
})

test('a blocked customer does not get in until they are unblocked', async () => {
  expect((await operator.submit(`${PAGE}/block`)).html).toContain('>blocked<')
  expect((await signIn()).access_token).toBeUndefined()
  expect((await operator.submit(`${PAGE}/unblock`)).html).toContain('They are unblocked.')
  expect((await signIn()).access_token).toBeDefined()
})

test('an e-mail address is vouched for', async () => {
  const { html } = await operator.get('/console/customers?search=unconfirmed')
  const address = /href="(\/console\/customers\/[0-9a-f-]{36})"/.exec(html)?.[1] ?? ''
  expect((await operator.get(address)).html).toContain('e-mail not confirmed')
  expect((await operator.submit(`${address}/confirm`)).html).not.toContain('e-mail not confirmed')
})

describe('a login that is kept out', () => {
  const login = 'test@meetanshi.com'
  const search = `/console/lockouts?login=${encodeURIComponent(login)}&realm=customer`
  const lock = async () => {
    for (const password of ['wrong', 'wrong again', 'wrong once more']) await signIn(login, password)
  }

  test('is seen and lifted by its e-mail address', async () => {
    await lock()
    expect((await signIn(login, 'Meet@123')).access_token).toBeUndefined()
    expect((await operator.get(search)).html).toContain('Locked:')
    const lifted = await operator.submit(search, { login, realm: 'customer' }, '/console/lockouts')
    expect(lifted.html).toContain('The lockouts are removed.')
    expect(lifted.html).toContain('Not locked.')
    expect((await signIn(login, 'Meet@123')).access_token).toBeDefined()
  })

  test('is seen and lifted at the customer', async () => {
    await lock()
    const { html } = await operator.get('/console/customers?search=meetanshi')
    const address = /href="(\/console\/customers\/[0-9a-f-]{36})"/.exec(html)?.[1] ?? ''
    expect((await operator.get(address)).html).toContain('This login is locked after too many failures')
    expect((await operator.submit(`${address}/lift`)).html).not.toContain('This login is kept out')
    expect((await signIn(login, 'Meet@123')).access_token).toBeDefined()
  })

  test('an unknown login is answered like a known one', async () => {
    const { html } = await operator.get('/console/lockouts?login=nobody%40example.com&realm=customer')
    expect(html).toContain('Not locked.')
  })
})

test('what only a customer or a company wrote is inert', async () => {
  const hostile = '"><img src=x onerror=alert(1)>'
  const record = {
    email: 'hostile@example.com',
    customerReference: hostile,
    givenName: hostile,
    emailVerified: true,
    companyUsers: [
      {
        id: randomUUID(),
        company: { id: randomUUID(), name: hostile },
        isActive: true,
        isDefault: false,
        roles: [{ name: hostile, permissions: [{ key: hostile, configuration: {} }] }],
      },
    ],
  }
  const made = await postJson(`${server.adminUrl}/v1/customers`, record, { authorization: `Bearer ${TOKEN}` })
  expect(made.status).toBe(201)
  const { id } = (await made.json()) as { id: string }
  const search = encodeURIComponent(hostile)
  for (const path of [
    `/console/customers/${id}`,
    `/console/customers/${id}/block`,
    `/console/customers?search=${search}`,
  ]) {
    const { status, html } = await operator.get(path)
    expect(status, path).toBe(200)
    expect(html).not.toContain('<img src=x')
  }
})

test('every act is in the audit trail with who did it and to whom', async () => {
  const { html } = await operator.get(`/console/audit?customerId=${RON}`)
  for (const type of ['customer.changed', 'grant.revoked', 'sign-out-everywhere']) expect(html).toContain(type)
  expect(html).toContain('admin-token:desk')
})

test.each([
  ['customer', 'ron@swanson.com', 'customer.changed'],
  ['customer', RON, 'customer.changed'],
  ['actor', 'admin-token:desk', 'customer.changed'],
  ['ip', '127.0.0.1', 'customer.changed'],
])('the audit trail is searched by %s %s, and says when nothing fits', async (field, value, type) => {
  const found = await operator.get(`/console/audit?${new URLSearchParams({ [field]: value })}`)
  expect(found.html).toContain(`${type}</abbr>`)
  expect(found.html).toContain(`value="${value}"`)
  const nothing = await operator.get(`/console/audit?${new URLSearchParams({ [field]: 'nobody@example.com' })}`)
  expect(nothing.html).toMatch(/There is no|No audit entries match/)
  expect(nothing.html).not.toContain('</abbr>')
})
