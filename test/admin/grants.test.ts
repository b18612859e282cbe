import { afterAll, beforeAll, expect, test } from 'vitest'
import { introspect, obtainCode, redeem, refresh, tokensOf } from '../endpoints/client.ts'
import { postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { ask, OWNER } from './administrators.ts'

const RON = '79cc0486-bbdf-491b-a0a2-722383b6288b'
type Grant = { id: string; clientId: string; customerId?: string; agentId?: string; by: string; grantedAt: number }

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER })
})
afterAll(() => server.stop())

const admin = (method: string, path: string, body?: unknown) => ask(server, OWNER, method, path, body)
const grantsOf = async (query: string) => (await admin('GET', `/v1/grants?${query}`)).body.items as Grant[]
const ron = { username: 'ron@swanson.com', password: 'mysecretpassword' }
const isActive = async (token: string) => (await introspect(server.url, token)).active

test('the active sign-ins of a customer are listed, newest first, each once however often it was refreshed', async () => {
  const first = await tokensOf(server.url, ron)
  await refresh(server.url, first.refresh_token)
  const second = await tokensOf(server.url, ron)
  const grants = await grantsOf(`customerId=${RON}`)
  expect(grants).toHaveLength(2)
  expect(grants).toEqual(grants.toSorted((a, b) => b.grantedAt - a.grantedAt))
  expect(grants[0]).toMatchObject({ customerId: RON, clientId: 'frontend', by: 'password', ip: expect.any(String) })

  expect((await admin('POST', `/v1/grants/${grants[0]?.id}/revoke`)).body).toMatchObject({ id: grants[0]?.id })
  expect(await isActive(second.access_token)).toBe(false)
  expect(await isActive(first.access_token)).toBe(true)
  expect((await grantsOf(`customerId=${RON}`)).map(({ id }) => id)).toEqual([grants[1]?.id])
  expect((await admin('POST', `/v1/grants/${grants[0]?.id}/revoke`)).status).toBe(404)
  const trail = (await admin('GET', '/v1/audit?type=grant.revoked')).body.items
  expect(trail).toEqual([expect.objectContaining({ grantId: grants[0]?.id, customerId: RON, actor: 'admin' })])
})

test('what a browser, a company user and an agent signed in to is listed too', async () => {
  const { code, verifier } = await obtainCode(server.url)
  expect((await redeem(server.url, code, verifier)).status).toBe(200)
  const agent = { grant_type: 'urn:vestibule:grant:agent', client_id: 'frontend', username: 'agent@example.com' }
  expect((await postForm(`${server.url}/token`, { ...agent, password: 'change123' })).status).toBe(200)
  const grants = [...(await grantsOf('clientId=frontend')), ...(await grantsOf('clientId=third-party-app'))]
  const ways = new Set(grants.map(({ by }) => by))
  expect(ways).toContain('authorization_code')
  expect(grants.find(({ by }) => by === agent.grant_type)).toMatchObject({ agentId: expect.any(String) })
  expect(grants.find(({ by }) => by === agent.grant_type)).not.toHaveProperty('customerId')
})

test('a sign-out before an instant ends what was granted before it and leaves what came after', async () => {
  const before = await tokensOf(server.url, ron)
  const instant = new Date().toISOString()
  const after = await tokensOf(server.url, ron)
  await admin('POST', '/v1/sign-outs', { of: 'customer', id: RON, before: instant })
  expect([await isActive(before.access_token), await isActive(after.access_token)]).toEqual([false, true])
  expect(await grantsOf(`customerId=${RON}`)).toHaveLength(1)
  await admin('POST', '/v1/sign-outs', { of: 'client', id: 'frontend' })
  expect(await grantsOf('clientId=frontend')).toEqual([])
  expect(await isActive(after.access_token)).toBe(false)
})

test('pages of a client’s sign-ins together are all of them', async () => {
  for (let count = 0; count < 5; count++) await tokensOf(server.url, ron)
  const all = await grantsOf('clientId=frontend')
  const pages: Grant[] = []
  let next: unknown
  do {
    const path = `/v1/grants?clientId=frontend&limit=2${next === undefined ? '' : `&cursor=${next}`}`
    const { body } = await admin('GET', path)
    pages.push(...(body.items as Grant[]))
    next = body.next
  } while (next !== undefined)
  expect(pages).toEqual(all)
  expect(all.length).toBeGreaterThanOrEqual(5)
})

test('asking for the sign-ins of nobody in particular is refused', async () => {
  expect((await admin('GET', '/v1/grants')).status).toBe(400)
})

test('a visitor who has not signed in is no customer', async () => {
  const form = { grant_type: 'client_credentials', anonymous_id: 'visitor-7' }
  const shop = { authorization: `Basic ${Buffer.from('third-party-app:third-party-app-secret').toString('base64')}` }
  expect((await postForm(`${server.url}/oauth/shop/anonymous/token`, form, shop)).status).toBe(200)
  const grants = await grantsOf('clientId=third-party-app')
  const visitors = grants.filter((grant) => 'anonymousId' in grant)
  expect(visitors).toEqual([expect.objectContaining({ anonymousId: 'visitor-7' })])
  expect(visitors[0]).not.toHaveProperty('customerId')
})
