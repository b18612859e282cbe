import { randomBytes, randomInt } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, OWNER, tokenOf } from '../admin/administrators.ts'
import { decode, tokensOf } from '../endpoints/client.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
let token: string
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER })
  token = (await tokensOf(server.url)).access_token
})
afterAll(() => server?.stop())

/** Characters of four bytes each. */
const randomPoints = (count: number) => Array.from({ length: count }, () => randomInt(0x10000, 0x10ffff))
const jti = () => String(decode(token).payload.jti)
const looked = async () => {
  const { body } = await ask(server, OWNER, 'GET', '/v1/audit?type=token.inspected')
  return (body.items as unknown[]).length
}

describe('tokens on record are not shown', () => {
  test.each(['viewer', undefined] as const)('to %s', async (role) => {
    const bearer = role && (await tokenOf(server, role))
    for (const [method, path, body] of [
      ['GET', `/v1/tokens?jti=${jti()}`],
      ['POST', '/v1/tokens/inspect', { token }],
    ] as const) {
      const answer = await ask(server, bearer, method, path, body)
      expect([401, 403]).toContain(answer.status)
      expect(JSON.stringify(answer.body)).not.toContain(jti())
    }
  })

  test('for a token that claims the jti of another and is not signed by this server', async () => {
    const [header, payload] = token.split('.')
    const forged = `${header}.${payload}.${Buffer.alloc(64).toString('base64url')}`
    const { status, body } = await ask(server, OWNER, 'POST', '/v1/tokens/inspect', { token: forged })
    expect([status, body]).toEqual([200, { isLive: false, reason: 'unknown' }])
  })
})

test.each([
  ['nothing', ''],
  ['an empty jti', 'jti='],
  ['two jtis', 'jti=a&jti=b'],
  ['an unknown member', 'jti=a&token=b'],
  ['a customer by two names', 'customer=a&customerId=b'],
  ['a limit that is no number', 'jti=a&limit=many'],
  ['a limit beyond the page', 'jti=a&limit=1001'],
  ['a text that no database keeps', 'jti=%00'],
  ['half a character', 'clientId=%ED%A0%80%00'],
  ['a text of a megabyte', `jti=${'a'.repeat(10_000)}`],
])('a search for %s is refused, and is no look-up', async (_name, query) => {
  const before = await looked()
  const { status, body } = await ask(server, OWNER, 'GET', `/v1/tokens?${query}`)
  expect(status).toBeGreaterThanOrEqual(400)
  expect(status).toBeLessThan(500)
  expect(body.detail).toEqual(expect.any(String))
  expect(await looked()).toBe(before)
})

test.each(['AAAA', 'LTE', '%00', 'bm90IGEgbnVtYmVy', 'OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5'])(
  'a cursor that this server did not give (%s) is the first page, or refused',
  async (cursor) => {
    const { status, body } = await ask(server, OWNER, 'GET', `/v1/tokens?jti=${jti()}&cursor=${cursor}`)
    if (status === 200) expect((body.items as { id: string }[]).map(({ id }) => id)).toEqual([jti()])
    else expect(status).toBe(400)
  },
)

test.each([
  ['POST', '/v1/sign-outs', { of: 'customer', id: randomBytes(6000).toString('base64') }],
  ['GET', `/v1/tokens?customerId=${encodeURIComponent(randomBytes(3000).toString('base64'))}`, undefined],
  ['GET', `/v1/tokens?grantId=${encodeURIComponent(String.fromCodePoint(...randomPoints(900)))}`, undefined],
] as const)(
  'an id that no index takes, at %s, is refused and keeps nothing else from being written',
  async (method, path, asked) => {
    expect((await ask(server, OWNER, method, path, asked)).status).toBe(400)
    const { access_token } = await tokensOf(server.url)
    const { body } = await ask(server, OWNER, 'GET', `/v1/tokens?jti=${decode(access_token).payload.jti}`)
    expect(body.items).toHaveLength(1)
    const { body: trail } = await ask(server, OWNER, 'GET', '/v1/audit?type=token.issued&limit=1')
    expect(trail.items).toEqual([expect.objectContaining({ grantId: decode(access_token).payload.gid })])
  },
)

test('every look-up is audited, with the customer whose tokens were looked up', async () => {
  const before = await looked()
  const customerId = String(decode(token).payload.sub)
  await ask(server, OWNER, 'GET', `/v1/tokens?customerId=${customerId}`)
  const { body } = await ask(server, OWNER, 'GET', `/v1/audit?type=token.inspected&customerId=${customerId}`)
  expect(await looked()).toBe(before + 1)
  expect(body.items).toEqual([expect.objectContaining({ actor: 'admin', customerId })])
})
