import { randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { requestTokens, thirdParty, userinfo } from '../endpoints/client.ts'
import { postForm, postJson } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { waitFor } from '../support/wait-for.ts'
import { implicitToken, member, postData } from './elastic-path/endpoints.ts'

type Handler = (response: import('node:http').ServerResponse) => void

/** A shop's service that knows one customer, or fails as it is told. */
const customer = {
  id: randomUUID(),
  idCustomer: 700_001,
  email: 'buyer@shop.example',
  customerReference: 'S--700001',
  emailVerified: true,
}
const login = { username: customer.email, password: 'any password' }
let shop: Server
let failing: Handler | undefined
let server: TestServer
beforeAll(async () => {
  shop = createServer((request, response) => {
    request.resume()
    if (failing) failing(response)
    else response.end(JSON.stringify(customer))
  })
  await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve))
  const settings = {
    SHOP_DIRECTORY_URL: `http://127.0.0.1:${(shop.address() as AddressInfo).port}`,
    DIALECTS: 'spryker,elastic-path,magento,commercetools',
  }
  server = await startTestServer(settings, { captureLog: true })
})
afterAll(async () => {
  await server?.stop()
  shop?.closeAllConnections()
  await new Promise((resolve) => shop.close(resolve))
})

/** Members of a body that must be there, in the envelope of a dialect; `said` is the sentence, by a pattern. */
const SAID = expect.stringMatching(/customer service does not answer/i)
const jsonApi = { errors: [{ status: 503, detail: SAID, message: SAID }] }
const oauth = { error: 'temporarily_unavailable', error_description: SAID }
const elastic = (status: number | string) => ({ errors: [{ status, title: 'Service Unavailable', detail: SAID }] })
const magento = { message: SAID }
const graphql = {
  errors: [
    expect.objectContaining({ message: SAID, extensions: expect.objectContaining({ category: 'unavailable' }) }),
  ],
}
const commercetools = {
  statusCode: 503,
  message: SAID,
  errors: [{ code: 'temporarily_unavailable', message: SAID }],
  error: 'temporarily_unavailable',
  error_description: SAID,
}

const attributes = (type: string, given: object) => ({ data: { type, attributes: given } })
const at = (path: string) => `${server.url}${path}`
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const json = async (answer: Response | Promise<Response>) => (await answer).json() as Promise<Record<string, string>>
/** The refresh token in an answer of Spryker's. */
const pairOf = async (answer: Response) =>
  ((await answer.json()) as { data: { attributes: { refreshToken: string } } }).data.attributes.refreshToken
const SIGN_IN_QUERY =
  'mutation SignIn($email: String!, $password: String!) { generateCustomerToken(email: $email, password: $password) { token } }'
const signInQuery = { query: SIGN_IN_QUERY, variables: { email: login.username, password: login.password } }
const shopForm = { grant_type: 'password', ...login }

/** Where a customer signs in. */
type SignInEndpoint = readonly [name: string, envelope: object, ask: () => Promise<Response>]
const SIGN_INS: readonly SignInEndpoint[] = [
  ['OAuth', oauth, () => requestTokens(server.url, login)],
  ['Spryker', jsonApi, () => postJson(at('/access-tokens'), attributes('access-tokens', login))],
  ['Spryker /token', oauth, () => postForm(at('/token'), { ...login, grant_type: 'password' })],
  [
    'Elastic Path customers',
    elastic(503),
    async () =>
      postData(
        at('/v2/customers/tokens'),
        { type: 'token', email: login.username, password: login.password },
        `Bearer ${await implicitToken(server.url)}`,
      ),
  ],
  [
    'Elastic Path account members',
    elastic('503'),
    async () =>
      postData(
        at('/v2/account-members/tokens'),
        member('password', login),
        `Bearer ${await implicitToken(server.url)}`,
      ),
  ],
  ['Magento REST', magento, () => postJson(at('/rest/V1/integration/customer/token'), login)],
  ['Magento GraphQL', graphql, () => postJson(at('/graphql'), signInQuery)],
  ['commercetools', commercetools, () => postForm(at('/oauth/shop/customers/token'), shopForm, thirdParty)],
]

/** Where a token of a customer is shown: each gets one first, while the service answers. */
type LookUpEndpoint = readonly [name: string, envelope: object, open: () => Promise<() => Promise<Response>>]
const LOOK_UPS: readonly LookUpEndpoint[] = [
  [
    'OAuth userinfo',
    oauth,
    async () => {
      const { access_token } = await json(requestTokens(server.url, { ...login, scope: 'openid' }))
      return () => userinfo(server.url, String(access_token))
    },
  ],
  [
    'Spryker refresh',
    jsonApi,
    async () => {
      let refreshToken = await pairOf(await postJson(at('/access-tokens'), attributes('access-tokens', login)))
      return async () => {
        const answer = await postJson(at('/refresh-tokens'), attributes('refresh-tokens', { refreshToken }))
        if (answer.ok) refreshToken = await pairOf(answer.clone())
        return answer
      }
    },
  ],
  [
    'commercetools refresh',
    commercetools,
    async () => {
      const { refresh_token } = await json(postForm(at('/oauth/shop/customers/token'), shopForm, thirdParty))
      return () => postForm(at('/oauth/token'), { grant_type: 'refresh_token', refresh_token }, thirdParty)
    },
  ],
  [
    'Elastic Path customer',
    elastic(503),
    async () => {
      const { id } = customer
      const app = `Bearer ${await implicitToken(server.url)}`
      const fields = { type: 'token', email: login.username, password: login.password }
      const { data } = (await (await postData(at('/v2/customers/tokens'), fields, app)).json()) as {
        data: { token: string }
      }
      const headers = { authorization: app, 'x-moltin-customer-token': data.token }
      return () => fetch(at(`/v2/customers/${id}`), { headers })
    },
  ],
  [
    'Magento customers/me',
    magento,
    async () => {
      const token = String(await json(postJson(at('/rest/V1/integration/customer/token'), login)))
      return () => fetch(at('/rest/V1/customers/me'), { headers: bearer(token) })
    },
  ],
  [
    'Magento GraphQL customer',
    graphql,
    async () => {
      const token = String(await json(postJson(at('/rest/V1/integration/customer/token'), login)))
      return () => postJson(at('/graphql'), { query: '{ customer { email } }' }, bearer(token))
    },
  ],
]

/** Those of one customer first: after five outages in a row the service is left alone. */
const FAILURES: readonly (readonly [string, Handler])[] = [
  ['sends no JSON', (response) => void response.end('<html>')],
  ['sends another shape', (response) => void response.end('[]')],
  ['answers 403', (response) => void response.writeHead(403).end()],
  ['answers 500, and is then left alone', (response) => void response.writeHead(500).end()],
]

async function expectAway(answer: Response, envelope: object): Promise<void> {
  const said = await answer.json()
  expect([answer.status, said]).toEqual([503, expect.objectContaining(envelope)])
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
  const requestId = answer.headers.get('x-request-id')
  const lines = server.logLines.map((line) => JSON.parse(line) as { event?: string; requestId?: string })
  const events = lines.filter((line) => line.event && line.requestId === requestId).map(({ event }) => event)
  expect(new Set(events)).toEqual(new Set(['customer-service.failed']))
}

describe.each(LOOK_UPS)('at %s, when the service fails a look-up', (_endpoint, envelope, open) => {
  test('the answer says so in its own envelope, and its request id leads to the line', async () => {
    failing = undefined
    const ask = await open()
    expect((await ask()).status).toBeLessThan(300)
    failing = FAILURES[0]?.[1]
    let answer = await ask()
    // What was looked up a moment ago is remembered.
    await waitFor(
      async () => {
        if (answer.status === 503) return true
        answer = await ask()
        return answer.status === 503
      },
      { what: 'a look-up' },
    )
    await expectAway(answer, envelope)
  })
})

describe.each(FAILURES)('a service that %s', (_how, handle) => {
  test.each(SIGN_INS)(
    'at %s is named in its own envelope, and the request id leads to the line',
    async (_endpoint, envelope, ask) => {
      failing = handle
      await expectAway(await ask(), envelope)
    },
  )
})
