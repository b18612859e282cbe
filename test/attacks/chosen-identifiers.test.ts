import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { introspect, read, thirdParty } from '../endpoints/client.ts'
import { basicAuth, postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
const OTHER_SECRET = 'another-app-secret'
const other = basicAuth('another-app', OTHER_SECRET)
const sessionless = basicAuth('sessionless-app', OTHER_SECRET)

beforeAll(async () => {
  server = await startTestServer({
    ADMIN_TOKEN: OWNER,
    DIALECTS: 'commercetools',
    COMMERCETOOLS_PROJECT_KEYS: 'shop,outlet',
  })
  const anonymous = 'urn:vestibule:grant:anonymous'
  for (const [client_id, grant_types] of [
    ['another-app', [anonymous, 'refresh_token']],
    ['sessionless-app', [anonymous]],
  ] as const) {
    const body = { metadata: { client_id, grant_types, resource_scopes: ['*'] }, secret: OTHER_SECRET }
    expect((await ask(server, OWNER, 'POST', '/v1/clients', body)).status).toBe(201)
  }
})
afterAll(() => server?.stop())

const visit = (anonymous_id?: string, client = thirdParty, project = 'shop') =>
  read(
    postForm(
      `${server.url}/oauth/${project}/anonymous/token`,
      { grant_type: 'client_credentials', ...(anonymous_id !== undefined && { anonymous_id }) },
      client,
    ),
  )
const idIn = async (token: string) => String((await introspect(server.url, token)).anonymous_id)

test.each<[string, () => Promise<string>]>([
  [
    'chosen',
    async () => {
      const id = `chosen-${randomUUID()}`
      expect((await visit(id)).status).toBe(200)
      return id
    },
  ],
  ['made here', async () => idIn((await visit()).body.access_token)],
  [
    'chosen without a session',
    async () => {
      const id = `sessionless-${randomUUID()}`
      expect((await visit(id, sessionless)).status).toBe(200)
      return id
    },
  ],
  [
    'of a session that was ended',
    async () => {
      const { body } = await visit()
      const id = await idIn(body.access_token)
      await postForm(`${server.url}/revoke`, { token: body.refresh_token }, thirdParty)
      return id
    },
  ],
])('the id of a visitor is taken once, whoever chose it and whoever asks again: %s', async (_, taken) => {
  const id = await taken()
  for (const client of [thirdParty, other, sessionless]) {
    for (const project of ['shop', 'outlet']) {
      const { status, body } = await visit(id, client, project)
      expect([status, body]).toEqual([
        400,
        expect.objectContaining({ error: 'invalid_request', message: 'the anonymous_id is already in use' }),
      ])
    }
  }
})

test('of many who ask for one id at once, one gets it', async () => {
  const id = randomUUID()
  const statuses = await Promise.all(Array.from({ length: 8 }, async () => (await visit(id)).status))
  expect(statuses.sort()).toEqual([200, ...Array.from({ length: 7 }, () => 400)])
})
