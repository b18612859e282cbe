import { afterAll, beforeAll, expect, test } from 'vitest'
import { authorizationUrl, CALLBACK, obtainCode, pkce, read, redeem, refresh, userinfo } from '../endpoints/client.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server?.stop())

const claims = JSON.stringify({ userinfo: { email: null, name: null, customer_reference: null, permissions: null } })
const said = async (token: string) => (await read(userinfo(server.url, token))).body

/** Tokens for `openid` alone, after another site sent the browser here to ask for more. */
async function tokensBeforeForgery() {
  const { jar, code, verifier } = await obtainCode(server.url, { scope: 'openid' })
  const { body } = await read(redeem(server.url, code, verifier))
  expect(Object.keys(await said(body.access_token))).toEqual(['sub'])
  const silent = { prompt: 'none', code_challenge: pkce().challenge, code_challenge_method: 'S256' }
  const answer = await jar.fetch(authorizationUrl(server.url, { scope: 'openid', claims, ...silent }))
  expect(answer.headers.get('location')).toContain(`${CALLBACK}?code=`)
  return { tokens: body, jar }
}

test('a token says no more at userinfo because a later request of its client asked for more', async () => {
  const { tokens } = await tokensBeforeForgery()
  expect(Object.keys(await said(tokens.access_token))).toEqual(['sub'])
})

test('nor do those that are refreshed, or come of a request that asks for nothing more', async () => {
  const { tokens, jar } = await tokensBeforeForgery()
  const refreshed = await read(refresh(server.url, tokens.refresh_token))
  expect(Object.keys(await said(refreshed.body.access_token))).toEqual(['sub'])
  const again = await obtainCode(server.url, { scope: 'openid' }, { jar })
  const { body } = await read(redeem(server.url, again.code, again.verifier))
  expect(Object.keys(await said(body.access_token))).toEqual(['sub'])
})

test('what the request of a token asks for is said, also after a refresh', async () => {
  const { code, verifier } = await obtainCode(server.url, { scope: 'openid', claims })
  const { body } = await read(redeem(server.url, code, verifier))
  const names = ['sub', 'email', 'name', 'customer_reference', 'permissions']
  expect(Object.keys(await said(body.access_token)).sort()).toEqual(names.sort())
  const refreshed = await read(refresh(server.url, body.refresh_token))
  expect(Object.keys(await said(refreshed.body.access_token)).sort()).toEqual(names.sort())
})
