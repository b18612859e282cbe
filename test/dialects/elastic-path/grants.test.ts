import { afterAll, beforeAll, expect, test } from 'vitest'
import { ADMIN_TOKEN, askAdmin } from '../../keys/server-nodes.ts'
import { basicAuth, postForm } from '../../support/http.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'

const ANONYMOUS = 'urn:vestibule:grant:anonymous'
const HANDOVER = 'urn:vestibule:grant:handover'
const CLIENTS = 'urn:vestibule:dialect:elastic-path'
const CUSTOMERS = 'urn:vestibule:dialect:elastic-path:customers'
const SHOP = basicAuth('shop', 'a-secret-of-the-shop')
const APP = basicAuth('third-party-app', 'third-party-app-secret')

let server: TestServer

beforeAll(async () => {
  server = await startTestServer({ DIALECTS: 'elastic-path', ADMIN_TOKEN })
  const metadata = { client_id: 'shop', first_party: true, grant_types: ['password', HANDOVER] }
  await askAdmin(server, 'POST', '/v1/clients', { metadata, secret: 'a-secret-of-the-shop' })
})
afterAll(() => server.stop())

async function token(fields: Record<string, string>, headers: Record<string, string> = {}) {
  const answer = await postForm(`${server.url}/token`, fields, headers)
  return { status: answer.status, body: (await answer.json()) as Record<string, string> }
}

test('a visitor who has not signed in gets no more than what is open to visitors', async () => {
  const asked = { grant_type: ANONYMOUS, client_id: 'frontend', resource: CLIENTS, scope: 'store:read store:write' }
  expect(await token(asked)).toMatchObject({ status: 200, body: { scope: 'store:read' } })
})

test('a visitor gets no token for a resource server that does not serve visitors', async () => {
  for (const resource of [undefined, 'urn:vestibule:commerce', CUSTOMERS]) {
    const fields = {
      grant_type: ANONYMOUS,
      client_id: 'frontend',
      scope: 'orders:write',
      ...(resource && { resource }),
    }
    expect(await token(fields)).toMatchObject({ status: 400, body: { error: 'invalid_target' } })
  }
})

test('a public client cannot vouch for the id of a visitor', async () => {
  const fields = { grant_type: ANONYMOUS, client_id: 'frontend', resource: CLIENTS, anonymous_id: 'somebody' }
  const { body } = await token(fields)
  const found = await postForm(
    `${server.url}/introspect`,
    { token: body.access_token },
    basicAuth('orders-service', 'orders-service-secret'),
  )
  const introspected = (await found.json()) as Record<string, unknown>
  expect(introspected.active).toBe(true)
  expect(introspected).not.toHaveProperty('anonymous_id')
})

test('only a person’s own fresh token is handed over, and only by the client it was made for, which proves who it is', async () => {
  const login = { grant_type: 'password', username: 'ron@swanson.com', password: 'mysecretpassword' }
  const own = (await token(login, SHOP)).body.access_token as string
  const unproved = (await token({ ...login, client_id: 'frontend' })).body.access_token as string
  const foreign = (await token(login, APP)).body.access_token as string
  const visitor = (await token({ grant_type: ANONYMOUS, client_id: 'frontend', resource: CLIENTS })).body.access_token
  const handover = (subject_token: string, client: { authorization: string } | { client_id: string } = SHOP) =>
    'client_id' in client
      ? token({ grant_type: HANDOVER, resource: CUSTOMERS, subject_token, ...client })
      : token({ grant_type: HANDOVER, resource: CUSTOMERS, subject_token }, client)

  expect(await handover(own)).toMatchObject({ status: 200 })
  for (const subject of [foreign, visitor as string, 'x', '']) {
    expect((await handover(subject)).status).toBe(400)
  }
  expect((await handover(unproved, { client_id: 'frontend' })).status).toBe(400)
  await postForm(`${server.url}/revoke`, { token: own }, SHOP)
  expect(await handover(own)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
})

test('a code by mail is guessed a few times, not for ever', async () => {
  const guess = (one_time_password: string) =>
    token({
      grant_type: 'urn:vestibule:grant:one-time-password',
      client_id: 'frontend',
      resource: CUSTOMERS,
      username: 'ron@swanson.com',
      one_time_password,
    })
  for (let index = 0; index < 12; index++) {
    expect(await guess(`aaaaa${index}`)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  }
})
