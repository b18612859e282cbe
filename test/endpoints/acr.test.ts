import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { later } from '../support/clock.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import {
  authorizationUrl,
  CALLBACK,
  decode,
  introspect,
  obtainCode,
  pkce,
  read,
  redeem,
  refresh,
  signIn,
  sonia,
  tokensOf,
} from './client.ts'

const SIGNED_IN = 'urn:vestibule:acr:signed-in'
const SECOND_FACTOR = 'urn:vestibule:acr:second-factor'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server?.stop())

const essential = (acr: object) => JSON.stringify({ id_token: { acr: { essential: true, ...acr } } })

/** Where an authorization request leads somebody who is signed in, or not. */
async function ask(fields: Record<string, string | undefined>, { signedIn = true } = {}) {
  const jar = createCookieJar()
  if (signedIn) await obtainCode(server.url, {}, { jar })
  const { verifier, challenge } = pkce()
  const url = authorizationUrl(server.url, { code_challenge: challenge, code_challenge_method: 'S256', ...fields })
  const page = await jar.follow(await jar.fetch(url), { stopAt: CALLBACK })
  return { jar, page, verifier, answer: answerAt(page.url) }
}

function answerAt(url: string): Record<string, string> {
  return url.startsWith(CALLBACK) ? Object.fromEntries(new URL(url).searchParams) : {}
}

test('metadata names the strengths of a sign-in, from the weakest on', async () => {
  const { body } = await read(fetch(`${server.url}/.well-known/openid-configuration`))
  expect(body.acr_values_supported).toEqual(['urn:vestibule:acr:recognised', SIGNED_IN, SECOND_FACTOR])
})

describe.each(['by the password grant', 'by a code'])('tokens %s', (way) => {
  test('say how and when the person signed in, also after a refresh', async () => {
    const before = Math.floor(Date.now() / 1000) - 1
    const scope = 'openid customer offline_access'
    const issued =
      way === 'by a code'
        ? await obtainCode(server.url, { scope }).then(
            async ({ code, verifier }) => (await read(redeem(server.url, code, verifier))).body,
          )
        : await tokensOf(server.url, { scope })
    const refreshed = (await read(refresh(server.url, issued.refresh_token))).body
    for (const tokens of [issued, refreshed]) {
      const said = [decode(tokens.id_token).payload, decode(tokens.access_token).payload]
      for (const claims of [...said, await introspect(server.url, tokens.access_token)]) {
        expect(claims).toMatchObject({ acr: SIGNED_IN, amr: ['pwd'] })
        expect(claims.auth_time).toBeGreaterThanOrEqual(before)
        expect(claims.auth_time).toBe(said[0]?.auth_time)
      }
    }
  })
})

describe.each(['openid customer', 'customer'])('with the scope "%s"', (scope) => {
  test.each([
    { acr_values: SIGNED_IN },
    { acr_values: 'urn:vestibule:acr:recognised' },
    { acr_values: 'phr' },
    { acr_values: `phr ${SIGNED_IN}` },
    { max_age: '3600' },
  ])('a session that is what %j asks for goes on without a page', async (wanted) => {
    expect(await ask({ scope, ...wanted }).then(({ answer }) => answer)).toHaveProperty('code')
  })

  test.each([{ acr_values: SECOND_FACTOR }, { acr_values: `phr ${SECOND_FACTOR}` }])(
    '%j, which the person cannot reach, is answered with what they reached, and asks nothing twice',
    async (wanted) => {
      const { answer, verifier } = await ask({ scope, ...wanted })
      const { body } = await read(redeem(server.url, answer.code ?? '', verifier))
      expect(decode(body.access_token).payload.acr).toBe(SIGNED_IN)
      const stranger = await ask({ scope, ...wanted }, { signedIn: false })
      expect(answerAt((await signIn(stranger.jar, stranger.page, sonia)).url)).toHaveProperty('code')
    },
  )

  test('max_age=0 asks for the password again, and the tokens say when it was given', async () => {
    const { jar, page, verifier, answer } = await ask({ scope, max_age: '0' })
    expect(answer).toEqual({})
    // The clock stands still meanwhile, so that the second is known however slow the machine is.
    const { moment, code } = await later(async () => ({
      moment: Math.floor(Date.now() / 1000),
      code: answerAt((await signIn(jar, page, sonia)).url).code,
    }))
    const { body } = await read(redeem(server.url, code ?? '', verifier))
    expect(decode(body.access_token).payload.auth_time).toBe(moment)
  })
})

test.each([{ acr_values: SECOND_FACTOR }, { max_age: '0' }])(
  'a pushed request may ask for it without openid too: %j',
  async (wanted) => {
    const { verifier, challenge } = pkce()
    const request = new URL(
      authorizationUrl(server.url, { scope: 'customer', code_challenge: challenge, code_challenge_method: 'S256' }),
    )
    const pushed = Object.fromEntries(request.searchParams)
    const { status, body } = await read(postForm(`${server.url}/par`, { ...pushed, ...wanted }))
    expect(status).toBe(201)
    const jar = createCookieJar()
    await obtainCode(server.url, {}, { jar })
    const parameters = new URLSearchParams({ client_id: 'frontend', request_uri: body.request_uri })
    let page = await jar.follow(await jar.fetch(`${server.url}/authorize?${parameters}`), { stopAt: CALLBACK })
    expect(page.url.startsWith(CALLBACK)).toBe(wanted.max_age === undefined)
    if (wanted.max_age) page = await signIn(jar, page, sonia)
    const { code = '' } = answerAt(page.url)
    const tokens = (await read(redeem(server.url, code, verifier))).body
    expect(decode(tokens.access_token).payload).toMatchObject({ acr: SIGNED_IN, auth_time: expect.any(Number) })
  },
)

describe('an essential acr', () => {
  test.each([
    { value: SIGNED_IN, said: SIGNED_IN },
    { values: ['urn:vestibule:acr:recognised', 'phr'], said: 'urn:vestibule:acr:recognised' },
  ])('that the sign-in covers is answered with a value of the request: %j', async ({ said, ...acr }) => {
    const { answer, verifier } = await ask({ claims: essential(acr) })
    const { body } = await read(redeem(server.url, answer.code ?? '', verifier))
    expect(decode(body.id_token).payload.acr).toBe(said)
  })

  test.each([
    { claims: essential({ value: SECOND_FACTOR }) },
    { claims: essential({ values: [SECOND_FACTOR] }) },
    { claims: essential({ value: 'phr' }) },
    { claims: essential({ value: SECOND_FACTOR }), acr_values: SIGNED_IN },
  ])('that the person cannot reach is an error, before and after a sign-in: %j', async (wanted) => {
    expect((await ask(wanted)).answer).toMatchObject({ error: 'unmet_authentication_requirements' })
    const { jar, page, answer } = await ask(wanted, { signedIn: false })
    const end = answer.error ? answer : answerAt((await signIn(jar, page, sonia)).url)
    expect(end).toMatchObject({ error: 'unmet_authentication_requirements', state: 'some-state' })
  })

  test.each([
    { claims: essential({ values: 'phr' }) },
    { claims: '{"id_token":{"acr":[]}}' },
    { claims: '{"id_token":{"acr":7}}' },
    { acr_values: '' },
    { acr_values: ' ' },
    { acr_values: 'x'.repeat(2000) },
    { max_age: '-1' },
    { max_age: 'soon' },
  ])('or a wish that makes no sense is an answer of ours, never an error of the server: %j', async (wanted) => {
    const { page, answer } = await ask(wanted)
    expect(page.response.status).toBeLessThan(500)
    expect(answer.code ?? answer.error).toMatch(/^(?!server_error).+/)
  })
})

describe('the tokens that a dialect shapes for its services', () => {
  let shops: TestServer
  beforeAll(async () => {
    const DIALECTS = 'spryker,elastic-path,magento,commercetools,sap-commerce'
    shops = await startTestServer({ DIALECTS, MAGENTO_TOKEN_FORMAT: 'jwt' })
  })
  afterAll(() => shops?.stop())

  test.each([
    'urn:vestibule:dialect:spryker',
    'urn:vestibule:dialect:elastic-path:customers',
    'urn:vestibule:dialect:elastic-path:account-members',
    'urn:vestibule:dialect:magento',
    'urn:vestibule:dialect:sap-commerce',
    'urn:vestibule:dialect:commercetools',
  ])('say how the person signed in, as their introspection does: %s', async (resource) => {
    const issued = await tokensOf(shops.url, { resource })
    // Not every shop system has refresh tokens.
    const refreshed = issued.refresh_token ? (await read(refresh(shops.url, issued.refresh_token))).body : issued
    const how = { acr: SIGNED_IN, amr: ['pwd'], auth_time: expect.any(Number) }
    for (const { access_token } of [issued, refreshed]) {
      expect(await introspect(shops.url, access_token)).toMatchObject(how)
      // Opaque ones say nothing themselves.
      if (access_token.split('.').length === 3) expect(decode(access_token).payload).toMatchObject(how)
    }
  })
})
