import { type CryptoKey, compactDecrypt, exportJWK, generateKeyPair } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { basicAuth, postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { decode, obtainCode, read, redeem } from './client.ts'

const CALLBACK = 'https://secretive.example/callback'
const SECRET = 'a-secret-of-the-secretive'
const KINDS = [
  ['RSA-OAEP-256', 'A256GCM'],
  ['ECDH-ES', 'A128GCM'],
  ['ECDH-ES+A256KW', 'A256CBC-HS512'],
] as const

let server: TestServer
const keys = new Map<string, CryptoKey>()
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER })
  for (const [alg, enc] of KINDS) {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
    keys.set(alg, privateKey)
    const made = await create(`secretive-${alg}`, {
      jwks: { keys: [{ ...(await exportJWK(publicKey)), use: 'enc', alg, kid: 'enc-1' }] },
      ...encrypting('id_token', alg, enc),
      ...encrypting('userinfo', alg, enc),
      ...encrypting('introspection', alg, enc),
      ...encrypting('authorization', alg, enc),
    })
    if (made.status !== 201) throw new Error(JSON.stringify(made.body))
  }
})
afterAll(() => server?.stop())

const encrypting = (name: string, alg: string, enc: string) => ({
  [`${name}_signed_response_alg`]: 'ES256',
  [`${name}_encrypted_response_alg`]: alg,
  [`${name}_encrypted_response_enc`]: enc,
})
const create = (client_id: string, members: object) =>
  ask(server, OWNER, 'POST', '/v1/clients', {
    metadata: {
      client_id,
      first_party: true,
      redirect_uris: [CALLBACK],
      introspects: ['*'],
      token_endpoint_auth_method: 'client_secret_basic',
      ...members,
    },
    secret: SECRET,
  })

async function opened(jwe: string, alg: string) {
  const { plaintext, protectedHeader } = await compactDecrypt(jwe, keys.get(alg) as CryptoKey)
  return { outer: protectedHeader, ...decode(new TextDecoder().decode(plaintext)) }
}

describe.each(KINDS)('%s with %s', (alg, enc) => {
  const client_id = `secretive-${alg}`
  const signedIn = async () => {
    const { code, verifier } = await obtainCode(server.url, {
      client_id,
      redirect_uri: CALLBACK,
      scope: 'openid email',
    })
    const fields = { client_id: undefined, redirect_uri: CALLBACK }
    return (await read(redeem(server.url, code, verifier, fields, basicAuth(client_id, SECRET)))).body
  }

  test('encrypts ID tokens, userinfo and introspection, and each is signed inside', async () => {
    const tokens = await signedIn()
    const answers = {
      'ID token': tokens.id_token,
      userinfo: (
        await read(fetch(`${server.url}/userinfo`, { headers: { authorization: `Bearer ${tokens.access_token}` } }))
      ).text,
      introspection: (
        await read(
          postForm(
            `${server.url}/introspect`,
            { token: tokens.access_token },
            { ...basicAuth(client_id, SECRET), accept: 'application/token-introspection+jwt' },
          ),
        )
      ).text,
    }
    for (const [what, jwe] of Object.entries(answers)) {
      const { outer, header, payload } = await opened(jwe, alg)
      expect([what, outer.alg, outer.enc, header.alg]).toEqual([what, alg, enc, 'ES256'])
      expect(payload).toMatchObject({ iss: server.url, aud: client_id })
    }
  })

  test('encrypts the answer to an authorization request', async () => {
    const fields = { client_id, redirect_uri: CALLBACK, scope: 'openid', response_mode: 'jwt' }
    const { callback } = await obtainCode(server.url, fields)
    const { payload } = await opened(callback.searchParams.get('response') ?? '', alg)
    expect(payload).toMatchObject({ iss: server.url, aud: client_id, code: expect.any(String) })
  })
})

test.each([
  ['a key made of the secret', { id_token_encrypted_response_alg: 'A256KW' }, 'id_token_encrypted_response_alg'],
  ['the secret as the key', { userinfo_encrypted_response_alg: 'dir' }, 'userinfo_encrypted_response_alg'],
  ['a signature by the secret', { authorization_signed_response_alg: 'HS256' }, 'authorization_signed_response_alg'],
  ['an unsigned ID token', { id_token_signed_response_alg: 'none' }, 'id_token_signed_response_alg'],
  ['a request signed by the secret', { request_object_signing_alg: 'HS256' }, 'request_object_signing_alg'],
  ['an encryption without keys', { id_token_encrypted_response_alg: 'RSA-OAEP-256' }, 'jwks'],
])('%s is refused when the client is stored', async (_what, members, member) => {
  const { status, body } = await create('refused', members)
  expect([status, body.detail]).toEqual([400, expect.stringContaining(member)])
})
