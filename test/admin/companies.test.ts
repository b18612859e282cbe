import { afterAll, beforeAll, expect, test } from 'vitest'
import { postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { ask, OWNER } from './administrators.ts'

const SONIAS = '0818f408-cc84-575d-ad54-92118a0e4273'
let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER })
})
afterAll(() => server.stop())

const admin = (method: string, path: string, body?: unknown, headers = {}) =>
  ask(server, OWNER, method, path, body, headers)
const anyRevision = { 'If-Match': '*' }

async function permissions(): Promise<string[] | undefined> {
  const form = { grant_type: 'password', client_id: 'frontend', username: 'sonia@spryker.com', password: 'change123' }
  const { access_token } = (await (await postForm(`${server.url}/token`, form)).json()) as { access_token: string }
  return JSON.parse(Buffer.from(access_token.split('.')[1] ?? '', 'base64url').toString()).permissions
}

test('a company is made, seen, renamed by who saw it last, and listed', async () => {
  const made = await admin('POST', '/v1/companies', { name: 'First Name' })
  expect(made.status).toBe(201)
  const path = `/v1/companies/${made.body.id}`
  const seen = { 'If-Match': made.headers.get('etag') ?? '' }
  expect((await admin('PATCH', path, { name: 'Second Name' })).status).toBe(428)
  expect((await admin('PATCH', path, { name: 'Second Name' }, seen)).body.name).toBe('Second Name')
  expect((await admin('PATCH', path, { name: 'Third Name' }, seen)).status).toBe(412)
  expect((await admin('GET', '/v1/companies')).body.items).toContainEqual(
    expect.objectContaining({ id: made.body.id, name: 'Second Name' }),
  )
  expect((await admin('POST', '/v1/companies', { id: made.body.id, name: 'x' })).status).toBe(409)
})

test('a role that is given other permissions has them in the next token of whoever holds it', async () => {
  const { body } = await admin('GET', `/v1/companies/${SONIAS}`)
  const [role] = body.roles as { id: string; name: string }[]
  const next = { name: 'Buyer', permissions: [{ key: 'OnlyThisOne', configuration: { limit: 5 } }] }
  const put = await admin('PUT', `/v1/companies/${SONIAS}/roles/${role?.id}`, next, anyRevision)
  expect(put.status, JSON.stringify(put.body)).toBe(200)
  expect(await permissions()).toEqual(['OnlyThisOne'])
})

test('a role or a business unit of another company cannot be changed from here', async () => {
  const other = await admin('POST', '/v1/companies', { name: 'Another' })
  const { body } = await admin('GET', `/v1/companies/${SONIAS}`)
  const [role] = body.roles as { id: string }[]
  const path = `/v1/companies/${other.body.id}/roles/${role?.id}`
  const put = await admin('PUT', path, { name: 'Stolen', permissions: [] }, anyRevision)
  expect(put.body.roles).toEqual([])
  expect((await admin('GET', `/v1/companies/${SONIAS}`)).body.roles).toEqual(body.roles)
})

test('a business unit is made and renamed, and company users are listed with their roles', async () => {
  const path = `/v1/companies/${SONIAS}/business-units/f3b7c1de-0000-4000-8000-00000000000a`
  await admin('PUT', path, { name: 'North' }, anyRevision)
  const { body } = await admin('PUT', path, { name: 'South' }, anyRevision)
  expect(body.businessUnits).toContainEqual({ id: 'f3b7c1de-0000-4000-8000-00000000000a', name: 'South' })
  expect((await admin('GET', `/v1/companies/${SONIAS}/company-users`)).body.items).toEqual([
    expect.objectContaining({ customerReference: 'DE--21', isDefault: true, roleIds: [expect.any(String)] }),
  ])
})

test('nobody acts for a company that is blocked, from the next token on', async () => {
  await admin('PATCH', `/v1/companies/${SONIAS}`, { status: 'blocked' }, anyRevision)
  expect((await permissions()) ?? []).toEqual([])
  await admin('PATCH', `/v1/companies/${SONIAS}`, { status: 'approved' }, anyRevision)
  expect(await permissions()).not.toEqual([])
})
