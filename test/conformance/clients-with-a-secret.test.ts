import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { OWNER } from '../admin/administrators.ts'
import { pkce, read } from '../endpoints/client.ts'
import { basicAuth, postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { answerOf, type ConfidentialClient, registerClient } from './confidential-client.ts'

/* Who needs PKCE, member by member, is held by admin/client-schema.test.ts. */

let server: TestServer
let saleor: ConfidentialClient
let spree: ConfidentialClient
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER })
  saleor = await registerClient(server, 'saleor')
  spree = await registerClient(server, 'spree', { token_endpoint_auth_method: 'client_secret_post' })
})
afterAll(() => server?.stop())

describe('an authorization request without PKCE', () => {
  test('of a client that proves itself by a key is as good as one of a client with a secret', async () => {
    const members = { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://keys.example/jwks' }
    const browser = (await registerClient(server, 'client-with-a-key', members)).browser()
    expect(answerOf(await browser.signIn(await browser.open()))).toHaveProperty('code')
  })

  test('gets a code that is refused with a verifier', async () => {
    const browser = saleor.browser()
    const { code = '' } = answerOf(await browser.signIn(await browser.open()))
    const { body } = await saleor.redeem(code, { code_verifier: pkce().verifier })
    expect(body.error).toBe('invalid_grant')
  })
})

describe('a secret', () => {
  const ways = (id: string, secret: string) => ({
    'by Basic': [{}, basicAuth(id, secret)] as const,
    'in the body': [{ client_id: id, client_secret: secret }, {}] as const,
    'in both': [{ client_id: id, client_secret: secret }, basicAuth(id, secret)] as const,
    'wrong by Basic': [{}, basicAuth(id, 'another-secret-altogether')] as const,
    'wrong in the body': [{ client_id: id, client_secret: 'another-secret-altogether' }, {}] as const,
  })

  test.each<[keyof ReturnType<typeof ways>, 'saleor' | 'spree', number]>([
    ['by Basic', 'saleor', 200],
    ['in the body', 'spree', 200],
    ['in both', 'saleor', 400],
    ['in both', 'spree', 400],
    ['wrong by Basic', 'saleor', 401],
    ['wrong in the body', 'spree', 401],
    ['in the body', 'saleor', 200],
    ['by Basic', 'spree', 200],
  ])('%s, of %s, is answered %d', async (way, name, expected) => {
    const client = name === 'saleor' ? saleor : spree
    const browser = client.browser()
    const { code } = answerOf(await browser.signIn(await browser.open()))
    const [fields, headers] = ways(client.id, client.secret)[way]
    const request = { grant_type: 'authorization_code', code, redirect_uri: client.callback, ...fields }
    const { status, body } = await read(postForm(`${server.url}/token`, request, headers))
    expect(status).toBe(expected)
    if (status !== 200) expect(['invalid_request', 'invalid_client']).toContain(body.error)
  })
})
