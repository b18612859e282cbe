import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { introspect, requestTokens, tokensOf } from '../endpoints/client.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server?.stop())

test('two hundred sign-ins at once do not hold up the key set, introspection, metadata or health', async () => {
  const { access_token } = await tokensOf(server.url)
  let answered = 0
  const flood = Array.from({ length: 200 }, async () => {
    const answer = await requestTokens(server.url, { username: `${randomUUID()}@example.com`, password: 'guess' })
    answered++
    await answer.arrayBuffer()
    return answer.status
  })
  const others = ['/jwks', '/health/live', '/health/ready', '/.well-known/openid-configuration'].map(async (path) => {
    const answer = await fetch(server.url + path)
    await answer.arrayBuffer()
    return answer.status
  })
  expect(await Promise.all(others)).toEqual([200, 200, 200, 200])
  expect(await introspect(server.url, access_token)).toMatchObject({ active: true })
  expect(answered).toBeLessThan(200)
  for (const status of await Promise.all(flood)) expect([400, 503]).toContain(status)
})
