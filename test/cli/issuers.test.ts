import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { type LocalIssuer, startLocalIssuer } from '../issuers/local-issuer.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { waitFor } from '../support/wait-for.ts'
import { runCommand } from './run-command.ts'

let server: TestServer
let local: LocalIssuer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER })
  local = await startLocalIssuer()
})
afterAll(async () => {
  await server?.stop()
  await local?.stop()
})

const issuers = (args: readonly string[], input = '') =>
  runCommand(['issuers', ...args], { ADMIN_URL: server.adminUrl, ADMIN_TOKEN: OWNER }, input)
const listed = async () => (await issuers(['list'])).stdout

test('a trusted issuer is added, shown, changed, disabled, enabled and removed, and each change is on record', async () => {
  const record = { id: 'company', issuer: local.issuer, kind: 'id-jag', scopes: ['orders:read'] }
  expect(await issuers(['add', '-'], JSON.stringify(record))).toMatchObject({
    code: 0,
    stdout: `company is added: assertions of ${local.issuer} are taken\n`,
  })
  expect(await listed()).toMatch(/company +id-jag +enabled +http/)
  const shown = await issuers(['show', 'company'])
  expect(JSON.parse(shown.stdout)).toEqual(record)
  const wider = shown.stdout.replace('"orders:read"', '"orders:read", "carts:read"')
  expect((await issuers(['update', 'company', '-'], wider)).stdout).toBe('company is changed\n')
  expect((await issuers(['disable', 'company'])).stdout).toBe('company is disabled\n')
  expect(await listed()).toMatch(/company +id-jag +disabled/)
  expect((await issuers(['enable', 'company'])).stdout).toBe('company is enabled\n')
  expect(JSON.parse((await issuers(['show', 'company'])).stdout)).toEqual({
    ...record,
    scopes: ['orders:read', 'carts:read'],
    is_enabled: true,
  })
  expect((await issuers(['remove', 'company'])).stdout).toBe('company is removed\n')
  expect(await listed()).not.toContain('company')
  const trail = async () => (await ask(server, OWNER, 'GET', '/v1/audit?type=issuer.changed')).body.items as object[]
  await waitFor(async () => (await trail()).length === 5)
  expect(JSON.stringify(await trail())).toContain('carts:read')
})

test('check says whether the keys can be had, by its exit code as well', async () => {
  const record = { id: 'checked', issuer: local.issuer, kind: 'plain' }
  await issuers(['add', '-'], JSON.stringify(record))
  expect(await issuers(['check', 'checked'])).toMatchObject({ code: 0, stdout: 'checked: 1 usable keys\n' })
  local.replies.set('/jwks', (_request, response) => void response.writeHead(404).end())
  expect(await issuers(['check', 'checked'])).toMatchObject({ code: 1, stdout: 'checked: keys: answered 404\n' })
  local.replies.clear()
})

test.each([
  ['a member that is none', { algoritms: ['ES256'] }, 'algorithms'],
  ['an algorithm with a shared secret', { algorithms: ['HS256'] }, 'algorithms'],
  ['an issuer by plain http', { issuer: 'http://login.company.example' }, 'issuer'],
  ['an issuer that another record has', { id: 'again' }, 'Another record'],
])('%s is refused, and told why', async (_what, members, said) => {
  const record = { id: 'wrong', issuer: local.issuer, kind: 'plain', ...members }
  const { code, stderr } = await issuers(['add', '-'], JSON.stringify(record))
  expect([code, stderr]).toEqual([1, expect.stringContaining(said)])
})
