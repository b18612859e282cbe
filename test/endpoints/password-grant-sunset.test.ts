import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { later } from '../support/clock.ts'
import { postForm, postJson } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { CALLBACK, read, refresh, requestTokens, type Tokens, thirdParty, tokensOf } from './client.ts'

const PAGE = 'https://developers.shop.example/sign-in'
const ORIGIN = new URL(CALLBACK).origin
const DAY_SECONDS = 86_400
/** In a hundred days. */
const DAY = new Date(Date.now() + 100 * DAY_SECONDS * 1000).toISOString().slice(0, 10)
const END = Date.parse(DAY) / 1000

let server: TestServer
let tokens: Tokens
beforeAll(async () => {
  server = await startTestServer({
    PASSWORD_GRANT_SUNSET: DAY,
    SUNSET_PAGE_URL: PAGE,
    DIALECTS: 'spryker',
    DIALECT_CLIENTS: 'spryker=frontend',
  })
  tokens = await tokensOf(server.url)
})
afterAll(() => server?.stop())

const afterTheDay = <Result>(act: () => Promise<Result>) => later(act, END - Date.now() / 1000 + 60)
const grantTypes = async (headers: Record<string, string> = {}) => {
  const { body } = await read(fetch(`${server.url}/.well-known/oauth-authorization-server`, { headers }))
  return body.grant_types_supported as string[]
}

describe('before the day on which the password grant ends', () => {
  test.each([
    ['tokens', {}, 200],
    ['a refusal', { password: 'wrong' }, 400],
  ])('its answers say so and name the page, in %s too, and browsers may read it', async (_, fields, status) => {
    const answer = await requestTokens(server.url, fields, { origin: ORIGIN })
    expect(answer.status).toBe(status)
    const { headers } = answer
    expect(headers.get('deprecation')).toBe(`@${END - 180 * DAY_SECONDS}`)
    expect(headers.get('sunset')).toBe(new Date(END * 1000).toUTCString())
    expect(Date.parse(String(headers.get('sunset')))).toBeGreaterThanOrEqual((END - 180 * DAY_SECONDS) * 1000)
    for (const relation of ['deprecation', 'sunset'])
      expect(headers.get('link')).toContain(`<${PAGE}>; rel="${relation}"; type="text/html"`)
    for (const name of ['Deprecation', 'Sunset', 'Link'])
      expect(headers.get('access-control-expose-headers')).toContain(name)
  })

  test('those of other grant types say nothing', async () => {
    const renewed = await refresh(server.url, tokens.refresh_token)
    tokens = (await renewed.clone().json()) as Tokens
    const machine = await postForm(`${server.url}/token`, { grant_type: 'client_credentials' }, thirdParty)
    for (const { status, headers } of [renewed, machine])
      expect([status, headers.get('deprecation'), headers.get('sunset'), headers.get('link')]).toEqual([
        200,
        null,
        null,
        null,
      ])
  })

  test('the metadata name it', async () => {
    expect(await grantTypes()).toContain('password')
  })
})

describe('from that day on', () => {
  test('it is no grant type any more, with the way out', async () => {
    const { status, headers, body } = await afterTheDay(() => read(requestTokens(server.url)))
    expect([status, body.error]).toEqual([400, 'unsupported_grant_type'])
    expect(body.error_description).toContain('authorization_code with PKCE')
    expect(headers.get('sunset')).toBe(new Date(END * 1000).toUTCString())
  })

  test('the metadata do not name it, whoever asks', async () => {
    await grantTypes()
    await afterTheDay(async () => {
      for (const origin of [undefined, ORIGIN, undefined]) {
        const named = await grantTypes(origin === undefined ? {} : { origin })
        expect(named).not.toContain('password')
        expect(named).toContain('authorization_code')
      }
    })
    expect(await grantTypes()).toContain('password')
  })

  test('the endpoints of dialects are gone in their own words', async () => {
    const attributes = { username: 'sonia@spryker.com', password: 'change123' }
    const document = { data: { type: 'access-tokens', attributes } }
    expect((await afterTheDay(() => postJson(`${server.url}/access-tokens`, document))).status).toBe(410)
  })

  test('who signed in before goes on', async () => {
    await later(async () => expect((await refresh(server.url, tokens.refresh_token)).status).toBe(200), 60)
  })
})
