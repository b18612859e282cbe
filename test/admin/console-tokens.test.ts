import { afterAll, beforeAll, expect, test } from 'vitest'
import { decode, revoke, ron, tokensOf } from '../endpoints/client.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { OWNER, tokenOf } from './administrators.ts'
import { type ConsoleOperator, signInToConsole } from './console-operator.ts'

let server: TestServer
let operator: ConsoleOperator
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER })
  operator = await signInToConsole(server, await tokenOf(server, 'support'))
})
afterAll(() => server?.stop())

const idsOf = ({ payload }: ReturnType<typeof decode>) => ({ jti: String(payload.jti), grantId: String(payload.gid) })
const search = (fields: Record<string, string>) => operator.get(`/console/tokens?${new URLSearchParams(fields)}`)

test('tokens on record are found by customer, client, sign-in and jti, with when and why they ended', async () => {
  const { access_token } = await tokensOf(server.url, ron)
  await revoke(server.url, access_token)
  const { jti, grantId } = idsOf(decode(access_token))
  const searches: Record<string, string>[] = [
    { customer: ron.username },
    { customer: 'DE--22' },
    { clientId: 'frontend' },
    { grantId },
    { jti },
  ]
  for (const fields of searches) {
    const { status, html } = await search(fields)
    expect(status, JSON.stringify(fields)).toBe(200)
    expect(html).toContain(jti)
    expect(html).toContain('revoked-by-client')
    expect(html).not.toContain(access_token)
  }
  expect((await search({ jti: 'never' })).html).toContain('No tokens on record match.')
  expect((await search({ customer: 'nobody@example.com' })).html).toContain('There is no customer')
})

test('a pasted token is told apart, without being repeated', async () => {
  const { access_token } = await tokensOf(server.url, ron)
  const alive = await operator.submit('/console/tokens', { token: access_token })
  expect(alive.html).toContain('The token works.')
  expect(alive.html).toContain(idsOf(decode(access_token)).jti)
  expect(alive.html).toContain('not ended')
  await revoke(server.url, access_token)
  const dead = await operator.submit('/console/tokens', { token: access_token })
  expect(dead.html).toContain('The token does not work: it was revoked.')
  expect(dead.html).not.toContain(access_token)
  const unknown = await operator.submit('/console/tokens', { token: 'never-a-token' })
  expect(unknown.html).toContain('It is not on record.')
  expect((await operator.submit('/console/tokens', { token: ' ' })).status).toBe(400)
})

test('a viewer has no way to them, and is refused', async () => {
  const viewer = await signInToConsole(server, await tokenOf(server, 'viewer'))
  expect((await viewer.get('/console/customers/DE--22')).html).not.toContain('/console/tokens')
  expect((await viewer.get('/console/tokens?clientId=frontend')).status).toBe(403)
  const { access_token } = await tokensOf(server.url, ron)
  const refused = await viewer.post('/console/tokens', { token: access_token, csrf: await viewer.formToken() })
  expect(refused.status).toBe(403)
  expect(refused.html).not.toContain(idsOf(decode(access_token)).jti)
})
