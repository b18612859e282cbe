import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  authorizationUrl,
  CALLBACK,
  introspect,
  pkce,
  read,
  redeem,
  ron,
  signIn,
  submit,
  thirdParty,
} from '../endpoints/client.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { startPageServer } from './page-server.ts'

let shop: Awaited<ReturnType<typeof startPageServer>>
beforeAll(async () => {
  shop = await startPageServer()
})
afterAll(() => shop?.stop())

/** Ron lets an app of others in; its access token. */
async function letIn(): Promise<string> {
  const [jar, { verifier, challenge }] = [createCookieJar(), pkce()]
  const proof = { code_challenge: challenge, code_challenge_method: 'S256' }
  const request = { client_id: 'third-party-app', scope: 'openid offline_access', prompt: 'consent', ...proof }
  const asked = await signIn(jar, await jar.follow(await jar.fetch(authorizationUrl(shop.server.url, request))), ron)
  const { url } = await submit(jar, asked, { decision: 'allow' }, CALLBACK)
  const code = new URL(url).searchParams.get('code') ?? ''
  return (await read(redeem(shop.server.url, code, verifier, {}, thirdParty))).body.access_token
}

test('goes as its page says: sentences of a scope, links of a customer and a client, the switch, the trail', async () => {
  const walk = shop.walk('docs/how-to/agents-and-shoppers.md')
  expect(await walk.next('resource-servers create')).toContain('https://shop.example/loyalty')
  const token = await letIn()
  expect((await walk.next('grants list')).match(/third-party-app/g)).toHaveLength(2)
  expect(await introspect(shop.server.url, token, thirdParty)).toMatchObject({ active: true })
  await walk.next('clients disable')
  expect(await introspect(shop.server.url, token, thirdParty)).toEqual({ active: false })
  expect(await walk.next('audit list')).toContain('link.created')
  walk.end()
})
