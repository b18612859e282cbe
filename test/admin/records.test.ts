import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { basicAuth, postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { type Asked, ask, OWNER } from './administrators.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER }, { isEmbedded: true })
})
afterAll(() => server.stop())

const admin = (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
  ask(server, OWNER, method, path, body, headers)
const etagOf = ({ headers }: Asked) => ({ 'If-Match': headers.get('etag') ?? '' })
const signIn = (username: string, password: string) =>
  postForm(`${server.url}/token`, { grant_type: 'password', client_id: 'frontend', username, password })
const RON = '79cc0486-bbdf-491b-a0a2-722383b6288b'

describe('what was seen is what is changed', () => {
  const metadata = { client_id: 'seen-client', grant_types: ['client_credentials'], resource_scopes: [] }
  const cases = [
    [
      'a client',
      '/v1/clients',
      { metadata },
      '/v1/clients/seen-client',
      'PUT',
      { metadata: { ...metadata, client_name: 'A' } },
    ],
    [
      'a resource server',
      '/v1/resource-servers',
      { identifier: 'urn:example:stock', scopes: ['stock:read'], format: 'jwt' },
      '/v1/resource-servers/urn%3Aexample%3Astock',
      'PUT',
      { scopes: ['stock:read', 'stock:write'], format: 'opaque' },
    ],
    [
      'a customer',
      '/v1/customers',
      { email: 'seen@example.com', customerReference: 'SEEN--1' },
      '/v1/customers/SEEN--1',
      'PATCH',
      { givenName: 'Sam' },
    ],
    [
      'an agent',
      '/v1/agents',
      { email: 'seen-agent@example.com', password: 'correct horse battery' },
      undefined,
      'PATCH',
      { name: 'Sam' },
    ],
    [
      'an administrator',
      '/v1/administrators',
      { email: 'seen-admin@example.com', role: 'viewer', password: 'correct horse battery' },
      undefined,
      'PATCH',
      { name: 'Sam' },
    ],
  ] as const

  test.each(cases)('%s', async (_, list, made, address, method, change) => {
    const created = await admin('POST', list, made)
    expect(created.status, JSON.stringify(created.body)).toBe(201)
    const path = address ?? `${list}/${created.body.id}`
    expect((await admin('POST', list, made)).status).toBe(409)
    const seen = await admin('GET', path)
    expect([seen.status, seen.headers.get('etag')]).toEqual([200, created.headers.get('etag')])
    expect((await admin(method, path, change)).status).toBe(428)
    const changed = await admin(method, path, change, etagOf(seen))
    expect(changed.status, JSON.stringify(changed.body)).toBe(200)
    expect((await admin('GET', path)).headers.get('etag')).toBe(changed.headers.get('etag'))
    expect((await admin(method, path, change, etagOf(seen))).status).toBe(412)
    expect((await admin('GET', `${path}-other`)).status).toBe(404)
  })

  test('of many changes to the same thing at once exactly one is made', async () => {
    const seen = await admin('GET', `/v1/customers/${RON}`)
    const names = ['A', 'B', 'C', 'D', 'E']
    const outcomes = await Promise.all(
      names.map((givenName) => admin('PATCH', `/v1/customers/${RON}`, { givenName }, etagOf(seen))),
    )
    expect(outcomes.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412, 412])
  })
})

describe('lists', () => {
  test.each(['/v1/clients', '/v1/customers', '/v1/agents', '/v1/administrators', '/v1/audit', '/v1/resource-servers'])(
    '%s comes in pages that together are the whole list, each item once',
    async (path) => {
      await admin('POST', '/v1/agents', { email: 'second@example.com', password: 'correct horse battery' })
      const whole = (await admin('GET', `${path}?limit=1000`)).body as { items: object[]; next?: string }
      const pages: object[] = []
      let next: unknown
      const until = path === '/v1/audit' ? '&until=2100-01-01T00:00:00Z' : ''
      for (let count = 0; count < 2000 && (count === 0 || next !== undefined); count++) {
        const page = await admin('GET', `${path}?limit=2${until}${next === undefined ? '' : `&cursor=${next}`}`)
        expect(page.status).toBe(200)
        pages.push(...(page.body.items as object[]))
        next = page.body.next
      }
      // The trail grows while it is read, at its beginning.
      expect(pages.slice(-whole.items.length)).toEqual(whole.items)
      if (path !== '/v1/audit') expect(pages).toEqual(whole.items)
    },
  )

  test('a cursor that nobody gave out finds nothing or the beginning, and breaks nothing', async () => {
    for (const cursor of ['x', 'AA', '%00', 'bm90IGEgdXVpZA']) {
      for (const path of ['/v1/customers', '/v1/clients', '/v1/audit', `/v1/grants?customerId=${RON}`]) {
        const { status } = await admin('GET', `${path}${path.includes('?') ? '&' : '?'}cursor=${cursor}`)
        expect(status, `${path} ${cursor}`).toBe(200)
      }
    }
  })
})

describe('a client', () => {
  test('that is removed gets no tokens, and what it was granted is dead', async () => {
    const metadata = {
      client_id: 'leaving',
      resource_scopes: [],
      grant_types: ['password'],
      token_endpoint_auth_method: 'none',
      first_party: true,
    }
    await admin('POST', '/v1/clients', { metadata })
    const form = { grant_type: 'password', client_id: 'leaving', username: 'sonia@spryker.com', password: 'change123' }
    const { access_token: token } = (await (await postForm(`${server.url}/token`, form)).json()) as {
      access_token: string
    }
    const isActive = async () => {
      const answer = await postForm(
        `${server.url}/introspect`,
        { token },
        basicAuth('orders-service', 'orders-service-secret'),
      )
      return ((await answer.json()) as { active: boolean }).active
    }
    expect(await isActive()).toBe(true)
    expect((await admin('DELETE', '/v1/clients/leaving', undefined, { 'If-Match': '*' })).status).toBe(204)
    expect(await isActive()).toBe(false)
    expect((await postForm(`${server.url}/token`, form)).status).toBe(401)
  })

  test('with metadata the protocol cannot use is refused with the reason, new or changed', async () => {
    for (const [method, path, client_id] of [
      ['POST', '/v1/clients', 'odd'],
      ['PUT', '/v1/clients/frontend', 'frontend'],
    ] as const) {
      const metadata = { client_id, response_types: ['id_token'], resource_scopes: [] }
      const { status, body } = await admin(method, path, { metadata }, { 'If-Match': '*' })
      expect([status, body.code]).toEqual([400, 'invalid-client-metadata'])
    }
  })
})

describe('a resource server', () => {
  test('that is made here can be asked for at once, and one that is removed no more', async () => {
    const identifier = 'urn:example:returns'
    const settings = { scopes: ['orders:returns'], hasMachineTokens: true, format: 'jwt' }
    await admin('POST', '/v1/resource-servers', { identifier, ...settings })
    const askFor = () =>
      postForm(
        `${server.url}/token`,
        { grant_type: 'client_credentials', resource: identifier, scope: 'orders:returns' },
        basicAuth('third-party-app', 'third-party-app-secret'),
      )
    expect((await askFor()).status).toBe(200)
    await admin('DELETE', `/v1/resource-servers/${encodeURIComponent(identifier)}`, undefined, { 'If-Match': '*' })
    expect((await askFor()).status).toBe(400)
  })
})

describe('a customer', () => {
  test('that is made here signs in with the password given, once the address is confirmed', async () => {
    const email = 'made@example.com'
    const made = await admin('POST', '/v1/customers', {
      email,
      customerReference: 'MADE--1',
      password: 'a good password',
    })
    expect(made.body).not.toHaveProperty('password')
    expect((await signIn(email, 'a good password')).status).toBe(400)
    expect((await admin('POST', '/v1/customers/MADE--1/confirm')).body.emailVerified).toBe(true)
    expect((await signIn(email, 'a good password')).status).toBe(200)
  })

  test('who is blocked is signed out and stays out until unblocked', async () => {
    const { access_token: token } = (await (await signIn('test@meetanshi.com', 'Meet@123')).json()) as {
      access_token: string
    }
    expect((await admin('POST', '/v1/customers/DE--23/block')).body.status).toBe('blocked')
    const answer = await postForm(
      `${server.url}/introspect`,
      { token },
      basicAuth('orders-service', 'orders-service-secret'),
    )
    expect(((await answer.json()) as { active: boolean }).active).toBe(false)
    expect((await signIn('test@meetanshi.com', 'Meet@123')).status).toBe(400)
    await admin('POST', '/v1/customers/DE--23/unblock')
    expect((await signIn('test@meetanshi.com', 'Meet@123')).status).toBe(200)
  })

  test.each([
    ['spryker', 'sonia@spryker.com'],
    ['DE--21', 'sonia@spryker.com'],
    ['Wagner', 'sonia@spryker.com'],
  ])('is found by a part of address, reference or name: %s', async (search, email) => {
    const { items } = (await admin('GET', `/v1/customers?search=${search}`)).body as { items: { email: string }[] }
    expect(items.map((customer) => customer.email)).toEqual([email])
  })

  test('is not found by what search patterns mean elsewhere', async () => {
    for (const search of ['%25%25', '__', '\\\\']) {
      expect((await admin('GET', `/v1/customers?search=${search}`)).body.items).toEqual([])
    }
  })

  test('takes no address that another has', async () => {
    const change = { email: 'Sonia@Spryker.com' }
    const { status, body } = await admin('PATCH', `/v1/customers/${RON}`, change, { 'If-Match': '*' })
    expect([status, body.code]).toEqual([409, 'refused'])
  })

  test('has the permissions that the company users given here hold, in the next token', async () => {
    const companyUsers = [
      {
        id: 'f3b7c1de-0000-4000-8000-000000000001',
        company: { id: 'f3b7c1de-0000-4000-8000-000000000002', name: 'New Company' },
        isDefault: true,
        roles: [{ name: 'Buyer', permissions: [{ key: 'AddCartItemPermissionPlugin' }] }],
      },
    ]
    const seen = await admin('GET', `/v1/customers/${RON}`)
    const put = await admin('PUT', `/v1/customers/${RON}/company-users`, { companyUsers }, etagOf(seen))
    expect(put.status, JSON.stringify(put.body)).toBe(200)
    const { access_token } = (await (await signIn('ron@swanson.com', 'mysecretpassword')).json()) as {
      access_token: string
    }
    const claims = JSON.parse(Buffer.from(access_token.split('.')[1] ?? '', 'base64url').toString())
    expect(claims.permissions).toEqual(['AddCartItemPermissionPlugin'])
  })
})

test('health says how database, storage, keys and mail are, which version runs, and since when', async () => {
  const { status, body } = await admin('GET', '/v1/health')
  expect([status, body.status]).toEqual([200, 'well'])
  expect((body.checks as { name: string }[]).map(({ name }) => name)).toEqual(['database', 'storage', 'keys', 'mail'])
  expect(body).toMatchObject({ version: expect.stringMatching(/^\d+\.\d+/), uptimeSeconds: expect.any(Number) })
})

test('uses of dialects are counted by client and day', async () => {
  const document = {
    data: { type: 'access-tokens', attributes: { username: 'sonia@spryker.com', password: 'change123' } },
  }
  await fetch(`${server.url}/access-tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.api+json' },
    body: JSON.stringify(document),
  })
  const { items } = (await admin('GET', '/v1/dialects/uses')).body
  expect(items).toContainEqual(expect.objectContaining({ dialect: 'spryker', count: expect.any(Number) }))
})

describe('a customer who is there already', () => {
  const reference = '0f0e0d0c-0b0a-4908-8706-050403020100'
  const record = { email: 'there@example.com', customerReference: reference, password: 'correct horse battery' }

  test('is not brought up to date by making them again, and is found by a reference that looks like an id', async () => {
    const made = await admin('POST', '/v1/customers', record)
    expect(made.status).toBe(201)
    expect((await admin('GET', `/v1/customers/${reference}`)).body.id).toBe(made.body.id)
    const again = { ...record, email: 'other@example.com', password: 'another horse, another staple' }
    expect((await admin('POST', '/v1/customers', again)).status).toBe(409)
    expect((await admin('GET', `/v1/customers/${reference}`)).body.email).toBe(record.email)
  })

  test('is made once, however many ask for it at once', async () => {
    const racing = Array.from({ length: 8 }, (_, index) =>
      admin('POST', '/v1/customers', { email: `raced-${index}@example.com`, customerReference: 'RACED--1' }),
    )
    const statuses = (await Promise.all(racing)).map(({ status }) => status).sort()
    expect(statuses).toEqual([201, ...Array.from({ length: 7 }, () => 409)])
  })

  test('has an unconfirmed address after it was changed, and a confirmed one while it is the same', async () => {
    const path = `/v1/customers/${RON}`
    const seen = await admin('GET', path)
    const same = await admin('PATCH', path, { email: 'RON@swanson.com' }, etagOf(seen))
    expect(same.body.emailVerified).toBe(true)
    const moved = await admin('PATCH', path, { email: 'mallory@example.com' }, etagOf(same))
    expect(moved.body).toMatchObject({ email: 'mallory@example.com', emailVerified: false })
    expect((await admin('PATCH', path, { email: 'ron@swanson.com' }, etagOf(moved))).status).toBe(200)
    expect((await admin('POST', `${path}/confirm`)).body.emailVerified).toBe(true)
  })
})

test('a secret in a client’s metadata is refused: it would be kept and shown', async () => {
  const misplaced = { client_secret: 'in-the-wrong-place' }
  const metadata = { client_id: 'careless', grant_types: ['client_credentials'], resource_scopes: [], ...misplaced }
  const { status, body } = await admin('POST', '/v1/clients', { metadata })
  expect([status, body.detail]).toEqual([400, expect.stringContaining('client_secret')])
})

test('an agent’s password keeps to the policy that holds for everybody', async () => {
  const { status, body } = await admin('POST', '/v1/agents', { email: 'weak@example.com', password: 'password1' })
  expect([status, body.code]).toEqual([400, 'password-refused'])
})

test('the trail is searched by a date, an instant, or epoch seconds', async () => {
  const tomorrow = Math.floor(Date.now() / 1000) + 86_400
  for (const since of ['2020-01-01', '2020-01-01T00:00:00Z', '1577836800']) {
    const { status, body } = await admin('GET', `/v1/audit?since=${since}`)
    expect([status, (body.items as object[]).length > 0]).toEqual([200, true])
  }
  expect((await admin('GET', `/v1/audit?since=${tomorrow}`)).body.items).toEqual([])
  expect((await admin('GET', '/v1/audit?since=yesterday')).status).toBe(400)
})
