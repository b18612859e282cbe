import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  decode,
  introspect,
  obtainCode,
  RON_ID,
  read,
  redeem,
  refresh,
  requestTokens,
  ron,
  sonia,
  tokensOf,
  userinfo,
} from '../endpoints/client.ts'
import { postJson } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server?.stop())

const customers = [
  { login: sonia, reference: 'DE--21', email: sonia.username, locale: 'de-DE,de' },
  { login: ron, reference: 'DE--22', email: ron.username, locale: 'en-US,en' },
]
const ROUNDS = 4
/** Fewer logins of one customer at once than wrong passwords are borne. */
const AT_ONCE = 4

/** Runs `ask` for both customers at once, many times over. */
async function interleaved(ask: (customer: (typeof customers)[number]) => Promise<void>): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    await Promise.all(Array.from({ length: AT_ONCE }, () => customers.map(ask)).flat())
  }
}

describe('two customers who come at the same time never get each other’s answers', () => {
  test('at the token endpoint', async () => {
    await interleaved(async ({ login, reference }) => {
      const tokens = await tokensOf(server.url, { ...login, scope: 'openid customer' })
      expect(decode(tokens.access_token).payload.customer_reference).toBe(reference)
      expect(decode(tokens.id_token).payload.sub).toBe(decode(tokens.access_token).payload.sub)
    })
  })

  test('at the shop’s own API, in their own languages', async () => {
    await interleaved(async ({ login, reference, locale }) => {
      const document = { data: { type: 'access-tokens', attributes: login } }
      const { body, headers } = await read(
        postJson(`${server.url}/access-tokens`, document, { 'accept-language': locale }),
      )
      const { sub } = decode(body.data.attributes.accessToken).payload
      expect(JSON.parse(String(sub)).customer_reference).toBe(reference)
      expect(headers.get('content-language')).toBe(locale.startsWith('de') ? 'de_DE' : 'en_US')
    })
  })

  test('at userinfo, introspection and refresh', async () => {
    const tokens = await Promise.all(
      customers.map(({ login }) => tokensOf(server.url, { ...login, scope: 'openid email customer' })),
    )
    await interleaved(async (customer) => {
      const own = tokens[customers.indexOf(customer)] as (typeof tokens)[number]
      const { body } = await read(userinfo(server.url, own.access_token))
      expect([body.email, body.customer_reference]).toEqual([customer.email, customer.reference])
      expect((await introspect(server.url, own.access_token)).customer_reference).toBe(customer.reference)
    })
    await Promise.all(
      customers.map(async ({ reference }, index) => {
        const { body } = await read(refresh(server.url, tokens[index]?.refresh_token ?? ''))
        expect(decode(body.access_token).payload.customer_reference).toBe(reference)
      }),
    )
  })

  test('on the way through the pages', async () => {
    await Promise.all(
      [...customers, ...customers].map(async ({ login, reference }, index) => {
        const { code, verifier, callback } = await obtainCode(server.url, { state: `state-${index}` }, { login })
        expect(callback.searchParams.get('state')).toBe(`state-${index}`)
        const { body } = await read(redeem(server.url, code, verifier))
        expect(decode(body.access_token).payload.customer_reference).toBe(reference)
      }),
    )
  })

  test('when one of them is refused', async () => {
    await Promise.all(
      Array.from({ length: 2 * AT_ONCE }, async (_, index) => {
        const isRight = index % 2 === 0
        const login = isRight ? ron : { ...ron, username: `nobody-${index}@example.com` }
        const { status, body } = await read(requestTokens(server.url, login))
        expect(status).toBe(isRight ? 200 : 400)
        expect(isRight ? decode(body.access_token).payload.sub : body.error).toBe(isRight ? RON_ID : 'invalid_grant')
      }),
    )
  })
})
