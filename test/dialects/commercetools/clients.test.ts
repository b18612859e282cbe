import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ClientBuilder } from '@commercetools/ts-client'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { basicAuth, postForm } from '../../support/http.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'

const CREDENTIALS = { clientId: 'third-party-app', clientSecret: 'third-party-app-secret' }
const SCOPES = ['manage_my_profile:shop', 'view_published_products:shop']

let server: TestServer
/** The project's own API, which asks us about the tokens it is shown. */
let api: Server
let apiHost: string
let seen: Record<string, unknown>[] = []

beforeAll(async () => {
  server = await startTestServer({ DIALECTS: 'commercetools' })
  api = createServer(async (request, response) => {
    const token = request.headers.authorization?.replace(/^Bearer /, '') ?? ''
    const app = basicAuth('orders-service', 'orders-service-secret')
    const answer = await postForm(`${server.url}/oauth/introspect`, { token }, app)
    const found = (await answer.json()) as Record<string, unknown>
    seen.push(found)
    response.writeHead(found.active === true ? 200 : 401, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ customer: found.sub }))
  })
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve))
  apiHost = `http://127.0.0.1:${(api.address() as AddressInfo).port}`
})
beforeEach(() => {
  seen = []
})
afterAll(async () => {
  await new Promise((resolve) => api.close(resolve))
  await server.stop()
})

const auth = (more: object = {}) =>
  ({
    host: server.url,
    projectKey: 'shop',
    credentials: CREDENTIALS,
    scopes: SCOPES,
    httpClient: fetch,
    ...more,
  }) as never
const withUser = (username: string, password: string) =>
  auth({ credentials: { ...CREDENTIALS, user: { username, password } } })
const http = () => ({ host: apiHost, httpClient: fetch })
const ME = { uri: '/shop/me', method: 'GET', headers: {} } as const

test('the TypeScript client signs a customer in by password and calls the API with the token', async () => {
  const client = new ClientBuilder()
    .withPasswordFlow(withUser('ron@swanson.com', 'mysecretpassword'))
    .withHttpMiddleware(http())
    .build()
  const first = await client.execute(ME)
  expect(first.statusCode).toBe(200)
  await client.execute(ME)
  expect(seen).toMatchObject([
    {
      active: true,
      sub: '79cc0486-bbdf-491b-a0a2-722383b6288b',
      scope: `${SCOPES.join(' ')} customer_id:79cc0486-bbdf-491b-a0a2-722383b6288b`,
    },
    { active: true },
  ])
})

test('the TypeScript client learns why a customer was refused', async () => {
  const client = new ClientBuilder()
    .withPasswordFlow(withUser('ron@swanson.com', 'wrong'))
    .withHttpMiddleware(http())
    .build()
  await expect(client.execute(ME)).rejects.toMatchObject({
    statusCode: 400,
    error: [{ code: 'invalid_customer_account_credentials' }],
  })
})

test('the TypeScript client opens an anonymous session and a session of its own', async () => {
  const anonymous = new ClientBuilder().withAnonymousSessionFlow(auth()).withHttpMiddleware(http()).build()
  expect((await anonymous.execute(ME)).statusCode).toBe(200)
  const own = new ClientBuilder().withClientCredentialsFlow(auth()).withHttpMiddleware(http()).build()
  expect((await own.execute(ME)).statusCode).toBe(200)
  expect(seen).toMatchObject([{ active: true, client_id: 'third-party-app' }, { active: true }])
})

type CachedTokens = { readonly token: string; readonly expirationTime: number; readonly refreshToken?: string }

/** Where the client keeps its tokens; what it was given last is what a page would store. */
function createTokenCache() {
  let kept: CachedTokens = { token: '', expirationTime: -1 }
  return {
    get: () => kept,
    set: (tokens: CachedTokens) => {
      kept = tokens
    },
  }
}

/** The client goes on with what it stored, as after a page was loaded anew. */
async function refreshAndCall(tokenCache: ReturnType<typeof createTokenCache>): Promise<void> {
  const { refreshToken } = tokenCache.get()
  const client = new ClientBuilder()
    .withRefreshTokenFlow(auth({ refreshToken, tokenCache: createTokenCache() }))
    .withHttpMiddleware(http())
    .build()
  expect((await client.execute(ME)).statusCode).toBe(200)
}

test('the TypeScript client refreshes the session it got by password', async () => {
  const tokenCache = createTokenCache()
  const credentials = { ...CREDENTIALS, user: { username: 'ron@swanson.com', password: 'mysecretpassword' } }
  const options = auth({ credentials, tokenCache })
  const client = new ClientBuilder().withPasswordFlow(options).withHttpMiddleware(http()).build()
  expect((await client.execute(ME)).statusCode).toBe(200)
  await refreshAndCall(tokenCache)
  expect(seen).toMatchObject([{ active: true }, { active: true, sub: '79cc0486-bbdf-491b-a0a2-722383b6288b' }])
})

test('the TypeScript client refreshes an anonymous session, and the visitor stays the same', async () => {
  const tokenCache = createTokenCache()
  const credentials = { ...CREDENTIALS, anonymousId: 'guest-1' }
  const options = auth({ credentials, tokenCache })
  const client = new ClientBuilder().withAnonymousSessionFlow(options).withHttpMiddleware(http()).build()
  expect((await client.execute(ME)).statusCode).toBe(200)
  await refreshAndCall(tokenCache)
  expect(seen).toMatchObject([
    { active: true, anonymous_id: 'guest-1' },
    { active: true, anonymous_id: 'guest-1' },
  ])
})
