import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { basicAuth, postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { addClients } from './slas/shop.ts'
import { BASIC, KINDS, SETTINGS } from './token-kinds.ts'

let opaque: TestServer
let jwt: TestServer
beforeAll(async () => {
  opaque = await startTestServer(SETTINGS)
  jwt = await startTestServer({ ...SETTINGS, MAGENTO_TOKEN_FORMAT: 'jwt' })
  await Promise.all([opaque, jwt].map(addClients))
})
afterAll(async () => {
  await opaque?.stop()
  await jwt?.stop()
})

const read = async (answer: Promise<Response>) => (await answer).json() as Promise<never>
const introspect = async (url: string, token: string) =>
  read(postForm(`${url}/introspect`, { token }, basicAuth('orders-service', 'orders-service-secret')))
const revoke = (url: string, token: string, owner?: string, client = 'frontend') =>
  owner ? postForm(`${url}/revoke`, { token }, BASIC) : postForm(`${url}/revoke`, { token, client_id: client })

describe.each(KINDS)('$name', ({ obtain: obtainToken, owner, algorithm, issuer, client = 'frontend' }) => {
  test('has a token that the published keys verify', async () => {
    const token = await obtainToken(jwt.url)
    const { payload, protectedHeader } = await jwtVerify(token, createRemoteJWKSet(new URL(`${jwt.url}/jwks`)), {
      issuer: issuer ?? jwt.url,
    })
    expect(payload.jti).toEqual(expect.any(String))
    if (algorithm) expect(protectedHeader.alg).toBe(algorithm)
  })

  test.each([
    ['opaque where that is the shop’s way', () => opaque.url],
    ['a JWT', () => jwt.url],
  ])('has a token, %s, that is introspected, and dead once it is revoked', async (_, url) => {
    const token = await obtainToken(url())
    expect(await introspect(url(), token)).toMatchObject({ active: true, client_id: owner ?? client })
    expect((await revoke(url(), token, owner, client)).status).toBe(200)
    expect(await introspect(url(), token)).toEqual({ active: false })
  })
})
