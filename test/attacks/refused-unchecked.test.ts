import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createPasswords } from '../../src/credentials/passwords.ts'
import { ask, OWNER } from '../admin/administrators.ts'
import { implicitToken, member, postData } from '../dialects/elastic-path/endpoints.ts'
import type { Login } from '../endpoints/client.ts'
import { postJson } from '../support/http.ts'
import { startTestServer, type TestServer, type TestSettings } from '../support/server.ts'
import { waitFor } from '../support/wait-for.ts'
import { customerLines, KINDS, loginOf, PASSWORD, quantiles, seen, tellingApart, timeKinds } from './refusals.ts'

const TRIES = 30
/** As for endpoints that check a password: four times what chance does. */
const MOST_APART = 0.3
const NO_LOCK: TestSettings = Object.fromEntries(
  ['', 'ACCOUNT_', 'ADDRESS_', 'CLIENT_'].map((of) => [`LOCKOUT_${of}ATTEMPTS`, '1000000']),
)

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ...NO_LOCK, ADMIN_TOKEN: OWNER, DIALECTS: 'elastic-path,magento' })
  const answer = await fetch(`${server.adminUrl}/v1/customers/import`, {
    method: 'POST',
    headers: { authorization: `Bearer ${OWNER}` },
    body: customerLines(await createPasswords().hash(PASSWORD)),
  })
  expect(await answer.text()).toContain('"refused":0')
})
afterAll(() => server?.stop())

/** Where a login is refused before anybody looks whose it is. */
type Endpoint = {
  readonly name: string
  readonly event: 'login.refused' | 'login.locked'
  open(): Promise<(login: Login) => Promise<Response>>
}
const ENDPOINTS: readonly Endpoint[] = [
  {
    name: 'a wrong code by mail',
    event: 'login.refused',
    async open() {
      const bearer = `Bearer ${await implicitToken(server.url)}`
      const address = `${server.url}/v2/account-members/tokens`
      return ({ username }) =>
        postData(address, member('passwordless', { username, one_time_password_token: 'abc234' }), bearer)
    },
  },
  {
    name: 'an endpoint that had too many wrong passwords',
    event: 'login.locked',
    async open() {
      const attempt = (login: Login) => postJson(`${server.url}/rest/V1/integration/customer/token`, login)
      for (const kind of KINDS) {
        for (let count = 0; count < 7; count++) await attempt({ ...loginOf(kind), password: 'not their password' })
      }
      return attempt
    },
  },
]

describe.each(ENDPOINTS)('at $name', ({ event, open }) => {
  test('the trail names the customer, and nobody else is named', async () => {
    const attempt = await open()
    for (const kind of KINDS) {
      const answer = await attempt(loginOf(kind))
      const requestId = answer.headers.get('x-request-id')
      const entries = async () =>
        (await ask(server, OWNER, 'GET', `/v1/audit?type=${event}&requestId=${requestId}`)).body.items as {
          customerId?: string
        }[]
      await waitFor(async () => (await entries()).length > 0, { what: 'the entry' })
      const { status, body } = await ask(server, OWNER, 'GET', `/v1/customers/SEEN--${kind}`)
      const expected = kind === 'unknown' ? [404, [undefined]] : [200, [body.id]]
      expect([kind, status, (await entries()).map(({ customerId }) => customerId)]).toEqual([kind, ...expected])
    }
  })

  test('nobody learns from an answer who is a customer', async () => {
    const attempt = await open()
    const [unknown, ...others] = await Promise.all(
      KINDS.map(async (kind) => seen(await attempt(loginOf(kind)), loginOf(kind))),
    )
    for (const [index, other] of others.entries()) expect(other, KINDS[index + 1]).toEqual(unknown)
  })

  test('nobody learns it from the time of an answer', async () => {
    const attempt = await open()
    await timeKinds(3, attempt)
    const { unknown, ...others } = await timeKinds(TRIES, attempt)
    for (const [kind, durationsMs] of Object.entries(others)) {
      const apart = Math.abs(tellingApart(unknown, durationsMs) - 0.5)
      expect(apart, `${kind}: ${quantiles(unknown).p50} and ${quantiles(durationsMs).p50} ms`).toBeLessThan(MOST_APART)
    }
  })
})
