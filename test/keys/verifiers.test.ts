import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { auth } from 'express-oauth2-jwt-bearer'
import { decodeProtectedHeader, importSPKI, jwtVerify } from 'jose'
import jwksRsa from 'jwks-rsa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ordersService, tokensOf } from '../endpoints/client.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { waitFor } from '../support/wait-for.ts'
import { ADMIN_TOKEN, askAdmin } from './server-nodes.ts'

const ROTATIONS = 3
/**
 * Verifiers ask for a set again when they meet an unknown kid, but not more often than their cooldown: 30 s where the
 * cache time is 300 s. Here both are shorter by the same factor.
 */
const JWKS_CACHE_SECONDS = 2
const COOLDOWN_MS = 200

let server: TestServer
let shop: Server

beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN, JWKS_CACHE_SECONDS: String(JWKS_CACHE_SECONDS) })
  const app = express()
  app.use(auth({ issuerBaseURL: server.url, audience: 'urn:vestibule:commerce', cooldownDuration: COOLDOWN_MS }))
  app.get('/orders', (request, response) => void response.json(request.auth?.payload))
  shop = createServer(app)
  await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  shop.closeAllConnections()
  shop.close()
  await server.stop()
})

test('express-oauth2-jwt-bearer accepts every token while keys rotate', async () => {
  const url = `http://127.0.0.1:${(shop.address() as AddressInfo).port}/orders`
  const signers = await followRotations(async (token) => {
    const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
    expect(answer.headers.get('www-authenticate')).toBeNull()
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({ iss: server.url, client_id: 'orders-service' })
  })
  expect(signers).toBe(ROTATIONS + 1)
})

test('jwks-rsa with its defaults finds the key of every token while keys rotate', async () => {
  const client = jwksRsa({ jwksUri: `${server.url}/jwks` })
  const signers = await followRotations(async (token) => {
    const { kid, alg = '' } = decodeProtectedHeader(token)
    const key = await client.getSigningKey(kid)
    await jwtVerify(token, await importSPKI(key.getPublicKey(), alg), { issuer: server.url })
  })
  expect(signers).toBe(ROTATIONS + 1)
})

/** Shows token after token to `accept` while the keys rotate as they would by themselves; returns how many keys signed. */
async function followRotations(accept: (token: string) => Promise<void>): Promise<number> {
  const signers = new Set<string>()
  let isDone = false
  const traffic = (async () => {
    while (!isDone) {
      const form = { grant_type: 'client_credentials' }
      const { access_token } = await tokensOf(server.url, form, ordersService)
      signers.add(String(decodeProtectedHeader(access_token).kid))
      await accept(access_token)
    }
  })()
  const rotating = (async () => {
    for (let rotation = 1; rotation <= ROTATIONS; rotation++) {
      const rotate = () => askAdmin(server, 'POST', '/v1/keys/rotate', { algorithm: 'ES256' })
      await waitFor(async () => (await rotate()).status === 200, { what: 'the next key to be old enough' })
      await waitFor(() => signers.size > rotation, { what: 'a token of the new key' })
    }
  })()
  await Promise.race([traffic, rotating]).finally(() => {
    isDone = true
  })
  await traffic
  return signers.size
}
