import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decode, introspect, read, revoke, SONIA_COMPANY_USER, sonia, userinfo } from '../endpoints/client.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { documentOf, expectErrors, malformedBodies, type SprykerError, send } from './spryker-envelope.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server?.stop())

const endpoint = () => `${server.url}/access-tokens`
const login = (attributes: Record<string, unknown>, headers: Record<string, string> = {}) =>
  send(endpoint(), documentOf('access-tokens', attributes), { headers })
const tokenOf = async (attributes: Record<string, unknown> = sonia) =>
  (await read(login(attributes))).body.data.attributes.accessToken as string
const twoCompanies = { username: 'test@meetanshi.com', password: 'Meet@123' }
const ron = { username: 'ron@swanson.com', password: 'mysecretpassword' }

describe('the right password', () => {
  test('is answered with exactly the document of the contract', async () => {
    const response = await login(sonia)
    const { status, headers, body } = await read(response)
    expect([status, response.statusText]).toEqual([201, 'Created'])
    expect(headers.get('content-type')).toBe('application/vnd.api+json')
    expect(headers.get('content-language')).toBe('en_US')
    expect(body).toEqual({
      data: {
        type: 'access-tokens',
        id: null,
        attributes: {
          tokenType: 'Bearer',
          expiresIn: 28_800,
          accessToken: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
          refreshToken: expect.any(String),
          idCompanyUser: SONIA_COMPANY_USER,
        },
        links: { self: `${server.url}/access-tokens` },
      },
    })
  })

  test.each([
    ['without a company', ron],
    ['of two companies and no default', twoCompanies],
  ])('of a customer %s has the company user null, and not absent', async (_, attributes) => {
    const { body } = await read(login(attributes))
    expect(body.data.attributes).toHaveProperty('idCompanyUser', null)
  })

  test.each<[string, Record<string, string>]>([
    ['a stale bearer', { authorization: 'Bearer eyJ.stale.token' }],
    ['a bearer that is none', { authorization: 'fake' }],
    ['client credentials', { authorization: 'Basic dXNlcjpwYXNz' }],
    ['an anonymous customer id', { 'x-anonymous-customer-unique-id': 'guest-123' }],
    ['the JSON:API content type', { 'content-type': 'application/vnd.api+json' }],
    ['a content type of forms', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['an unknown content type', { 'content-type': 'x/y; z' }],
    ['any Accept', { accept: 'application/json' }],
    ['an Accept that asks for pages', { accept: 'text/html' }],
    ['a foreign origin', { origin: 'https://shop.example' }],
  ])('is accepted with %s', async (_, headers) => {
    const answer = await login(sonia, headers)
    expect(answer.status).toBe(201)
    expect(answer.headers.get('content-type')).toBe('application/vnd.api+json')
    await answer.body?.cancel()
  })

  test('is accepted with attributes nobody asked for', async () => {
    const attributes = { ...sonia, remember: true, grant_type: 'x', client_id: 'orders-service', scope: 'admin' }
    const { body } = await read(login(attributes))
    expect(decode(body.data.attributes.accessToken).payload).toMatchObject({ aud: 'frontend', scopes: ['customer'] })
  })

  test('names the language that was asked for', async () => {
    const answer = await login(sonia, { 'accept-language': 'de-DE,de;q=0.9' })
    expect(answer.headers.get('content-language')).toBe('de_DE')
  })
})

describe('the access token', () => {
  test('is of the shape that the shop’s services read, signed with RS256', async () => {
    const { header, payload } = decode(await tokenOf())
    expect(header).toMatchObject({ typ: 'JWT', alg: 'RS256' })
    expect(payload).toMatchObject({ aud: 'frontend', scopes: ['customer'], jti: expect.any(String) })
    expect(payload.exp).toBe(Number(payload.iat) + 28_800)
    expect([Number.isInteger(payload.iat), payload.nbf]).toEqual([true, payload.iat])
    expect(payload.sub).toEqual(expect.any(String))
  })

  test('carries the whole identity in sub, a JSON string with the keys of the sample in their order', async () => {
    const sub = JSON.parse(String(decode(await tokenOf()).payload.sub))
    expect(Object.keys(sub)).toEqual([
      'id_company_user',
      'id_agent',
      'customer_reference',
      'id_customer',
      'permissions',
    ])
    const carts = { id_quote_collection: [53, 52, 51, 50, 49, 28, 27, 25, 24, 23, 22, 21] }
    const lists = { id_shopping_list_collection: { 0: 1, 2: 2, 3: 3 } }
    const rest = { id_company_role: null, is_infrastructural: null }
    const permission = (id_permission: number | null, key: string, configuration: object, signature: unknown) => ({
      id_permission,
      key: `${key}PermissionPlugin`,
      configuration,
      configuration_signature: signature,
      ...rest,
    })
    expect(sub).toEqual({
      id_company_user: SONIA_COMPANY_USER,
      id_agent: null,
      customer_reference: 'DE--21',
      id_customer: 21,
      permissions: {
        permissions: [
          permission(1, 'ReadSharedCart', carts, '[]'),
          permission(2, 'WriteSharedCart', carts, '[]'),
          permission(null, 'ReadShoppingList', lists, []),
          permission(null, 'WriteShoppingList', lists, []),
        ],
      },
    })
  })

  test('of a customer without a company has neither company user nor permissions', async () => {
    expect(JSON.parse(String(decode(await tokenOf(ron)).payload.sub))).toEqual({
      id_company_user: null,
      id_agent: null,
      customer_reference: 'DE--22',
      id_customer: 22,
      permissions: null,
    })
  })

  test('is introspected like any other', async () => {
    expect(await introspect(server.url, await tokenOf())).toMatchObject({
      active: true,
      aud: 'frontend',
      client_id: 'frontend',
      customer_reference: 'DE--21',
      id_company_user: SONIA_COMPANY_USER,
      scope: 'customer',
    })
  })

  test('is revoked like any other', async () => {
    const token = await tokenOf()
    expect((await revoke(server.url, token)).status).toBe(200)
    expect(await introspect(server.url, token)).toEqual({ active: false })
  })

  test('opens no userinfo: it has no scope openid', async () => {
    expect([401, 403]).toContain((await userinfo(server.url, await tokenOf())).status)
  })
})

const missing = (field: string) => ({ status: 422, code: '901', detail: `${field} => This field is missing.` })
const blank = (field: string) => ({ status: 422, code: '901', detail: `${field} => This value should not be blank.` })
const noEmail = { status: 422, code: '901', detail: 'username => This value is not a valid email address.' }
const notText = (field: string) => ({
  status: 422,
  code: '901',
  detail: `${field} => This value should be of type string.`,
})

test.each<[string, Record<string, unknown>, SprykerError[]]>([
  ['no fields', {}, [missing('username'), missing('password')]],
  ['no username', { password: 'x' }, [missing('username')]],
  ['no password', { username: sonia.username }, [missing('password')]],
  ['blank fields', { username: '', password: '' }, [blank('username'), blank('password')]],
  ['a username that is null', { ...sonia, username: null }, [blank('username')]],
  ['a password that is null', { ...sonia, password: null }, [blank('password')]],
  ['a username that is no e-mail address', { ...sonia, username: 'sonia' }, [noEmail]],
  ['a list for a username', { ...sonia, username: [sonia.username] }, [notText('username')]],
  ['a list for a password', { ...sonia, password: [sonia.password] }, [notText('password')]],
  ['an object for a password', { ...sonia, password: { $ne: '' } }, [notText('password')]],
  ['a number for a password', { ...sonia, password: 0 }, [notText('password')]],
])('a login with %s is answered with one 901 for each problem', async (_, attributes, errors) => {
  await expectErrors(login(attributes), errors)
})

test('fields in the prototype are fields that are missing', async () => {
  const body = `{"data":{"type":"access-tokens","attributes":{"__proto__":${JSON.stringify(sonia)}}}}`
  await expectErrors(send(endpoint(), body), [missing('username'), missing('password')])
})

const REFUSED = { status: 401, code: '003', detail: 'Failed to authenticate user.' }
test.each<[string, Record<string, unknown>]>([
  ['a wrong password', { ...sonia, password: 'wrong' }],
  ['an unknown e-mail address', { ...sonia, username: 'nobody@example.com' }],
  ['a wrong password for an unconfirmed address', { username: 'unconfirmed@example.com', password: 'wrong' }],
  ['a NUL after the password', { ...sonia, password: `${sonia.password}\0` }],
  ['a NUL in the e-mail address', { ...sonia, username: 'sonia\0@spryker.com' }],
  ['half a character in the password', { ...sonia, password: '\ud800' }],
  ['a long password', { ...sonia, password: 'x'.repeat(10_000) }],
])('a login with %s is answered with 003', async (_, attributes) => {
  await expectErrors(login(attributes), [REFUSED])
})

test.each(malformedBodies('access-tokens'))('a body %s is refused', async (_, body, error) => {
  await expectErrors(send(endpoint(), body), [error])
})

test.each([
  ['announced', (body: string) => body],
  ['in chunks', (body: string) => new Blob([body]).stream()],
])('a body of 1 MB, %s, is refused in the words of the shop’s API', async (_, bodyOf) => {
  const text = JSON.stringify(documentOf('access-tokens', { ...sonia, password: 'x'.repeat(1_000_000) }))
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(endpoint(), { method: 'POST', body: bodyOf(text), headers, duplex: 'half' } as RequestInit)
  const { status, body } = await read(answer)
  expect([status, body.errors[0].status]).toEqual([413, 413])
  expect(answer.headers.get('content-type')).toBe('application/vnd.api+json')
})

test.each(['PUT', 'PATCH', 'DELETE'])('%s is answered with 404: the shop’s API has no 405', async (method) => {
  await expectErrors(send(endpoint(), {}, { method }), [{ status: 404, detail: 'Not Found' }])
})

test('GET is answered with an empty collection', async () => {
  const { status, headers, body } = await read(fetch(endpoint()))
  expect([status, headers.get('content-type')]).toEqual([200, 'application/vnd.api+json'])
  expect(body).toEqual({ data: [], links: { self: endpoint() } })
})
