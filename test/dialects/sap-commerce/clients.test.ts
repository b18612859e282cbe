import * as client from 'openid-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { signIn as fillIn, introspect, RON_ID, ron } from '../../endpoints/client.ts'
import { createCookieJar } from '../../support/cookie-jar.ts'
import type { TestServer } from '../../support/server.ts'
import { BASE, CALLBACK, PUBLIC, RESOURCE, STOREFRONT, startSapShop } from './shop.ts'

let server: TestServer
beforeAll(async () => {
  server = await startSapShop()
})
afterAll(() => server?.stop())

/** The library as it is, with nothing but the metadata at the shop's own address. */
async function configure(id: string, authentication: client.ClientAuth): Promise<client.Configuration> {
  const metadata = await fetch(`${server.url}${BASE}/.well-known/openid-configuration`)
  const found = (await metadata.json()) as client.ServerMetadata
  const configuration = new client.Configuration(found, id, undefined, authentication)
  client.allowInsecureRequests(configuration)
  return configuration
}

test('openid-client signs a customer in by a code, refreshes, and signs out', async () => {
  const configuration = await configure(PUBLIC.client_id, client.None())
  const verifier = client.randomPKCECodeVerifier()
  const address = client.buildAuthorizationUrl(configuration, {
    redirect_uri: CALLBACK,
    scope: 'openid basic',
    state: 'some-state',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  })
  const jar = createCookieJar()
  const page = await jar.follow(await jar.fetch(address.href), { stopAt: CALLBACK })
  const { url } = await fillIn(jar, page, ron, CALLBACK)
  const checks = { pkceCodeVerifier: verifier, expectedState: 'some-state' }
  const tokens = await client.authorizationCodeGrant(configuration, new URL(url), checks)
  expect([tokens.token_type, tokens.claims()?.sub]).toEqual(['bearer', RON_ID])
  expect(await introspect(server.url, tokens.access_token)).toMatchObject({
    active: true,
    aud: RESOURCE,
    scope: 'openid basic',
    client_id: PUBLIC.client_id,
  })
  const next = await client.refreshTokenGrant(configuration, String(tokens.refresh_token))
  expect(next.refresh_token).not.toBe(tokens.refresh_token)
  await client.tokenRevocation(configuration, String(next.refresh_token))
  expect(await introspect(server.url, next.access_token)).toEqual({ active: false })
  await expect(client.refreshTokenGrant(configuration, String(next.refresh_token))).rejects.toMatchObject({
    error: 'invalid_grant',
  })
})

test.each([
  ['HTTP Basic', client.ClientSecretBasic(STOREFRONT.client_secret)],
  ['the body', client.ClientSecretPost(STOREFRONT.client_secret)],
])(
  'openid-client gets a token of a back-end, with the secret in %s, and asks what it is',
  async (_, authentication) => {
    const configuration = await configure(STOREFRONT.client_id, authentication)
    const { access_token } = await client.clientCredentialsGrant(configuration, { scope: 'basic' })
    const found = await client.tokenIntrospection(configuration, access_token)
    expect(found).toMatchObject({ active: true, client_id: STOREFRONT.client_id, scope: 'basic' })
    await client.tokenRevocation(configuration, access_token)
    expect(await client.tokenIntrospection(configuration, access_token)).toEqual({ active: false })
  },
)
