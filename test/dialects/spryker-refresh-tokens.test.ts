import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decode, introspect, read, ron, sonia, tokensOf } from '../endpoints/client.ts'
import { describeOn } from '../support/describe-on.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { createDatabase } from '../support/shared.ts'
import { setCustomerStatus } from './customer-status.ts'
import { documentOf, expectErrors, malformedBodies, type SprykerError, send } from './spryker-envelope.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server?.stop())

type Pair = { readonly accessToken: string; readonly refreshToken: string }
const endpoint = () => `${server.url}/refresh-tokens`
const signIn = async (login = sonia, url = server.url): Promise<Pair> =>
  (await read(send(`${url}/access-tokens`, documentOf('access-tokens', login)))).body.data.attributes
const refresh = (refreshToken: unknown, headers: Record<string, string> = {}, url = server.url) =>
  send(`${url}/refresh-tokens`, documentOf('refresh-tokens', { refreshToken }), { headers })
const REFUSED: SprykerError = { status: 401, code: '004', detail: 'Failed to refresh token.' }

describe('a refresh', () => {
  test('is answered with exactly the document of the contract', async () => {
    const { refreshToken } = await signIn()
    const { status, headers, body } = await read(refresh(refreshToken))
    expect(status).toBe(201)
    expect(headers.get('content-type')).toBe('application/vnd.api+json')
    expect(body.data).toMatchObject({ type: 'refresh-tokens', id: null, links: { self: endpoint() } })
    const { idCompanyUser: _, ...attributes } = body.data.attributes
    expect(attributes).toEqual({
      tokenType: 'Bearer',
      expiresIn: 28_800,
      accessToken: expect.any(String),
      refreshToken: expect.any(String),
    })
    expect(attributes.refreshToken).not.toBe(refreshToken)
  })

  test('keeps shape, identity and scopes of the access token', async () => {
    const first = await signIn()
    const { body } = await read(refresh(first.refreshToken))
    const [before, after] = [decode(first.accessToken), decode(body.data.attributes.accessToken)]
    expect(after.header).toEqual(before.header)
    expect(after.payload).toMatchObject({ sub: before.payload.sub, aud: 'frontend', scopes: ['customer'] })
    expect(after.payload.jti).not.toBe(before.payload.jti)
    expect(await introspect(server.url, body.data.attributes.accessToken)).toMatchObject({ active: true })
  })

  test.each<[string, Record<string, string>]>([
    ['a stale bearer', { authorization: 'Bearer eyJ.stale.token' }],
    ['the JSON:API content type', { 'content-type': 'application/vnd.api+json' }],
    ['an anonymous customer id', { 'x-anonymous-customer-unique-id': 'guest-123' }],
  ])('is accepted with %s', async (_, headers) => {
    const { refreshToken } = await signIn()
    expect((await refresh(refreshToken, headers)).status).toBe(201)
  })
})

const blank = { status: 422, code: '901', detail: 'refreshToken => This value should not be blank.' }
const notText = { status: 422, code: '901', detail: 'refreshToken => This value should be of type string.' }
const missing = { status: 422, code: '901', detail: 'refreshToken => This field is missing.' }
test.each<[string, unknown, SprykerError]>([
  ['blank', '', blank],
  ['null', null, blank],
  ['a list', ['x'], notText],
  ['an object', { a: 1 }, notText],
  ['a number', 1, notText],
  ['not there', undefined, missing],
])('a refresh token that is %s is answered with 901', async (_, refreshToken, error) => {
  await expectErrors(refresh(refreshToken), [error])
})

test.each<[string, () => string | Promise<string>]>([
  ['garbage', () => 'garbage'],
  ['a token in the format of another server', () => `def50200${'a'.repeat(200)}`],
  ['an access token', async () => (await signIn()).accessToken],
  ['changed', async () => `${(await signIn()).refreshToken}0`],
  ['cut short', async () => (await signIn()).refreshToken.slice(0, -5)],
  ['followed by a NUL', async () => `${(await signIn()).refreshToken}\0`],
  ['of another client', async () => (await tokensOf(server.url, { ...sonia }, otherClient)).refresh_token],
  ['10 KB long', () => 'a'.repeat(10_000)],
])('a refresh token that is %s is answered with 004', async (_, tokenOf) => {
  await expectErrors(refresh(await tokenOf()), [REFUSED])
})

const otherClient = {
  authorization: `Basic ${Buffer.from('third-party-app:third-party-app-secret').toString('base64')}`,
}

test('a refresh token that was used twice over is answered with 004, and its family is dead', async () => {
  const { refreshToken: first } = await signIn()
  const second = (await read(refresh(first))).body.data.attributes as Pair
  const third = (await read(refresh(second.refreshToken))).body.data.attributes as Pair
  await expectErrors(refresh(first), [REFUSED])
  await expectErrors(refresh(third.refreshToken), [REFUSED])
  expect(await introspect(server.url, third.accessToken)).toEqual({ active: false })
})

test('a refresh token of one endpoint is good at the other', async () => {
  const plain = await tokensOf(server.url)
  expect((await refresh(plain.refresh_token)).status).toBe(201)
})

test.each(malformedBodies('refresh-tokens'))('a body %s is refused', async (_, body, error) => {
  await expectErrors(send(endpoint(), body), [error])
})

test('a body of 1 MB is refused in the words of the shop’s API', async () => {
  const { status, headers, body } = await read(refresh('x'.repeat(1_000_000)))
  expect([status, body.errors[0].status]).toEqual([413, 413])
  expect(headers.get('content-type')).toBe('application/vnd.api+json')
})

test('GET is answered with an empty collection', async () => {
  const { status, body } = await read(fetch(endpoint()))
  expect([status, body]).toEqual([200, { data: [], links: { self: endpoint() } }])
})

test.each(['PUT', 'PATCH'])('%s is answered with an error document', async (method) => {
  const { status, headers, body } = await read(send(endpoint(), {}, { method }))
  expect([400, 404]).toContain(status)
  expect(headers.get('content-type')).toBe('application/vnd.api+json')
  expect(body.errors).toHaveLength(1)
})

describeOn('postgres', 'a customer who is blocked', () => {
  test('refreshes no more and signs in no more, until they are let in again', async () => {
    const databaseUrl = await createDatabase({ demo: true })
    const shop = await startTestServer({ DATABASE_URL: databaseUrl })
    try {
      const { refreshToken, accessToken } = await signIn(ron, shop.url)
      await setCustomerStatus(databaseUrl, ron.username, 'blocked')
      await expectErrors(refresh(refreshToken, {}, shop.url), [REFUSED])
      await expectErrors(send(`${shop.url}/access-tokens`, documentOf('access-tokens', ron)), [
        { status: 401, code: '003', detail: 'Failed to authenticate user.' },
      ])
      expect(await introspect(shop.url, accessToken)).toEqual({ active: false })
      await setCustomerStatus(databaseUrl, ron.username, 'active')
      expect((await refresh(refreshToken, {}, shop.url)).status).toBe(201)
    } finally {
      await shop.stop()
    }
  })
})
