import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LocalIssuer, startLocalIssuer } from '../issuers/local-issuer.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { ask, OWNER, tokenOf } from './administrators.ts'
import { type ConsoleOperator, signInToConsole } from './console-operator.ts'

let server: TestServer
let operator: ConsoleOperator
let local: LocalIssuer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER })
  operator = await signInToConsole(server, OWNER)
  local = await startLocalIssuer()
  const issuer = { id: 'company', issuer: local.issuer, kind: 'id-jag', scopes: ['orders:read', 'carts:read'] }
  expect((await ask(server, OWNER, 'POST', '/v1/issuers', { issuer })).status).toBe(201)
})
afterAll(async () => {
  await server?.stop()
  await local?.stop()
})

const isEnabled = async () => {
  const { body } = await ask(server, OWNER, 'GET', '/v1/issuers/company')
  return (body.issuer as { is_enabled?: boolean }).is_enabled !== false
}

test('the list leads to an issuer, which says what it may give and whether its keys can be had', async () => {
  const list = await operator.get('/console/issuers')
  expect(list.html).toContain('href="/console/issuers/company"')
  const page = await operator.get('/console/issuers/company')
  expect(page.html).toContain('orders:read, carts:read')
  expect(page.html).toContain('Its keys can be had: 1.')
  local.replies.set('/jwks', (_request, response) => void response.writeHead(500).end())
  expect((await operator.get('/console/issuers/company')).html).toContain('keys: answered 500')
  local.replies.clear()
})

test('an owner disables an issuer and enables it again, after being asked', async () => {
  for (const name of ['disable', 'enable']) {
    const page = await operator.get('/console/issuers/company')
    expect(page.html).toContain(`/console/issuers/company/${name}`)
    const question = await operator.get(`/console/issuers/company/${name}`)
    expect(question.html).toContain('company')
    const done = await operator.submit(`/console/issuers/company/${name}`, {})
    expect(done.html).toContain(`The issuer is ${name}d`)
    expect(await isEnabled()).toBe(name === 'enable')
  }
})

test('others see it, are offered nothing, and are refused when they post', async () => {
  const viewer = await signInToConsole(server, await tokenOf(server, 'security'))
  expect((await viewer.get('/console/issuers/company')).html).not.toContain('Disable it')
  const refused = await viewer.submit('/console/issuers/company/disable', {})
  expect(refused.status).toBe(403)
  expect(await isEnabled()).toBe(true)
  expect((await operator.get('/console/issuers/nobody')).status).toBe(404)
})
