import { execFile } from 'node:child_process'
import { createPublicKey, type JsonWebKey } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createRemoteJWKSet, importJWK, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postJson } from '../support/http.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { decode, read, sonia, tokensOf } from './client.ts'

type PublishedKey = JsonWebKey & { readonly kid: string; readonly alg: string; readonly use: string }

let server: TestServer
let keys: PublishedKey[]
const tokens: Record<string, string> = {}

beforeAll(async () => {
  server = await startTestServer()
  keys = (await read(fetch(`${server.url}/jwks`))).body.keys
  const body = { data: { type: 'access-tokens', attributes: sonia } }
  const shop = await read(postJson(`${server.url}/access-tokens`, body))
  tokens.ES256 = (await tokensOf(server.url)).access_token
  tokens.RS256 = shop.body.data.attributes.accessToken
})
afterAll(() => server?.stop())

test('keys are published as a JWK set with what verifiers need', async () => {
  const { headers } = await fetch(`${server.url}/jwks`)
  expect(headers.get('content-type')).toMatch(/^application\/jwk-set\+json/)
  expect(keys.map(({ alg }) => alg)).toEqual(expect.arrayContaining(['ES256', 'RS256']))
  for (const key of keys) {
    expect(key).toMatchObject({ kid: expect.stringMatching(/^[\w-]{20,}$/), use: 'sig' })
    await expect(importJWK(key as never)).resolves.toBeDefined()
  }
  expect(new Set(keys.map(({ kid }) => kid)).size).toBe(keys.length)
})

test('no private member is published', () => {
  const secret = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']
  for (const key of keys) expect(Object.keys(key).filter((member) => secret.includes(member))).toEqual([])
})

test('RSA keys have at least 2048 bits', () => {
  for (const key of keys.filter(({ kty }) => kty === 'RSA')) {
    expect(createPublicKey({ key, format: 'jwk' }).asymmetricKeyDetails?.modulusLength).toBeGreaterThanOrEqual(2048)
  }
})

describe.each(['ES256', 'RS256'])('a token signed with %s', (algorithm) => {
  const tokenOf = () => tokens[algorithm] as string

  test('verifies against the published keys with jose', async () => {
    const { protectedHeader } = await jwtVerify(tokenOf(), createRemoteJWKSet(new URL(`${server.url}/jwks`)), {
      issuer: server.url,
      algorithms: [algorithm],
    })
    expect(protectedHeader).toMatchObject({ alg: algorithm, kid: expect.any(String) })
  })

  test('verifies with openssl, which shares no code with us', async () => {
    expect(await verifiedByOpenssl(tokenOf())).toContain('Verified OK')
  })

  test('does not verify with openssl once a claim is changed', async () => {
    const [header, payload = '', signature] = tokenOf().split('.')
    const changed = Buffer.from(payload, 'base64url').toString().replace('frontend', 'backend')
    const forged = [header, Buffer.from(changed).toString('base64url'), signature].join('.')
    await expect(verifiedByOpenssl(forged)).rejects.toThrow()
  })
})

async function verifiedByOpenssl(token: string): Promise<string> {
  const [header, payload, signature = ''] = token.split('.')
  const key = keys.find(({ kid }) => kid === decode(token).header.kid) as PublishedKey
  const directory = temporaryDirectory('openssl')
  const file = (name: string, content: string | Buffer) => {
    writeFileSync(join(directory, name), content)
    return join(directory, name)
  }
  const pem = createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
  const raw = Buffer.from(signature, 'base64url')
  const args = [
    ['dgst', '-sha256', '-verify', file('key.pem', pem)],
    ['-signature', file('signature', key.kty === 'EC' ? toDer(raw) : raw)],
    [file('input', `${header}.${payload}`)],
  ].flat()
  return (await promisify(execFile)('openssl', args)).stdout
}

/** An ECDSA signature as openssl reads it: a DER sequence of two integers instead of r and s side by side. */
function toDer(signature: Buffer): Buffer {
  const integers = [signature.subarray(0, 32), signature.subarray(32)].map((part) => {
    const start = part.findIndex((byte) => byte !== 0)
    const trimmed = part.subarray(start)
    const value = (trimmed[0] ?? 0) > 127 ? Buffer.concat([Buffer.from([0]), trimmed]) : trimmed
    return Buffer.concat([Buffer.from([2, value.length]), value])
  })
  const content = Buffer.concat(integers)
  return Buffer.concat([Buffer.from([48, content.length]), content])
}
