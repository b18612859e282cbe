import { createServer, type RequestListener } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import express, { type ErrorRequestHandler } from 'express'
import { auth } from 'express-oauth2-jwt-bearer'
import Fastify from 'fastify'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import jwksRsa, { JwksClient } from 'jwks-rsa'
import Koa from 'koa'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expressProtection } from '../../packages/resource-server/src/adapters/express.ts'
import { createResourceServer } from '../../packages/resource-server/src/index.ts'
import { createForger, type Forger } from '../docs/protect-a-service/forged-tokens.ts'
import { tokensOf } from '../endpoints/client.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const AUDIENCE = 'urn:vestibule:commerce'
const require = createRequire(import.meta.url)

let server: TestServer
let forge: Forger
let good: string
const stops: (() => unknown)[] = []

beforeAll(async () => {
  server = await startTestServer()
  good = (await tokensOf(server.url, { scope: 'customer orders:read' })).access_token
  forge = createForger(server, good)
})
afterAll(async () => {
  for (const stop of stops) await stop()
  await server?.stop()
})

/** What libraries answer for a token: 200, or that it is refused. */
type Check = (token: string) => Promise<'accepted' | 'refused'>

/** Every library that services use, set up as its documentation says. */
const LIBRARIES: Readonly<Record<string, () => Promise<Check>>> = {
  async jose() {
    const keys = createRemoteJWKSet(new URL(`${server.url}/jwks`))
    const options = { issuer: server.url, audience: AUDIENCE, typ: 'at+jwt', algorithms: ['ES256'] }
    return (token) =>
      jwtVerify(token, keys, options).then(
        () => 'accepted' as const,
        () => 'refused' as const,
      )
  },
  'express-oauth2-jwt-bearer': () => withExpress(auth({ issuerBaseURL: server.url, audience: AUDIENCE })),
  'express-oauth2-jwt-bearer, strict': () =>
    withExpress(auth({ issuerBaseURL: server.url, audience: AUDIENCE, strict: true, tokenSigningAlg: 'ES256' })),
  async '@fastify/jwt with get-jwks'() {
    const getJwks = require('get-jwks')({ issuersWhitelist: [server.url], providerDiscovery: true })
    const app = Fastify()
    type Decoded = { header: { kid: string; alg: string }; payload: { iss: string } }
    const secret = (_request: unknown, { header, payload }: Decoded) =>
      getJwks.getPublicKey({ kid: header.kid, alg: header.alg, domain: payload.iss })
    const verify = { allowedIss: server.url, allowedAud: AUDIENCE, algorithms: ['ES256'] }
    await app.register(require('@fastify/jwt'), { decode: { complete: true }, secret, verify })
    app.get('/', async (request, reply) => {
      await (request as unknown as { jwtVerify(): Promise<unknown> }).jwtVerify() // what the plugin adds
      return reply.send('ok')
    })
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    stops.push(() => app.close())
    // What get-jwks refuses (an issuer that is not listed, a token that is no JWT to it) is a plain error, which Fastify answers 500.
    return asking(url, [401, 500])
  },
  async 'koa-jwt with jwks-rsa'() {
    const app = new Koa()
    const secret = jwksRsa.koaJwtSecret({ jwksUri: `${server.url}/jwks`, cache: true })
    app.use(require('koa-jwt')({ secret, issuer: server.url, audience: AUDIENCE, algorithms: ['ES256'] }))
    app.use((ctx) => {
      ctx.body = 'ok'
    })
    app.silent = true
    return asking(await listen(app.callback()))
  },
  async '@vestibule/resource-server'() {
    const resourceServer = createResourceServer({ issuer: server.url, audience: AUDIENCE, onEvent() {} })
    stops.push(() => resourceServer.close())
    return withExpress(expressProtection(resourceServer).protect() as ReturnType<typeof auth>)
  },
}

const BAD: Readonly<Record<string, () => string | Promise<string>>> = {
  'an expired token': () => forge.signed({ iat: forge.now - 900, exp: forge.now - 120 }),
  'a token for another audience': () => forge.signed({ aud: 'urn:other' }),
  'a token of another issuer': () => forge.signed({ iss: 'https://login.example' }),
  'alg none': () => forge.unsigned(),
  'HS256 with the public key as the secret': () => forge.byPublicKey(),
  'another key with the same kid': () => forge.byForeignKey(),
}

describe.each(Object.keys(LIBRARIES))('%s', (name) => {
  test('accepts a fresh token by our key set, and refuses every bad one', async () => {
    const check = (await LIBRARIES[name]?.()) as Check
    expect(await check(good)).toBe('accepted')
    for (const [kind, make] of Object.entries(BAD)) expect([kind, await check(await make())]).toEqual([kind, 'refused'])
    expect(await check(good), 'after all that').toBe('accepted')
  })
})

test('a hundred tokens with random keys through jwks-rsa: the key set is one document for all, and none is an error of ours', async () => {
  const client = new JwksClient({ jwksUri: `${server.url}/jwks`, cache: true })
  const first = await fetch(`${server.url}/jwks`)
  const outcomes = await Promise.all(
    Array.from({ length: 100 }, (_, index) =>
      client.getSigningKey(`random-${index}`).then(
        () => 'found',
        (error: Error) => error.name,
      ),
    ),
  )
  expect(new Set(outcomes)).toEqual(new Set(['SigningKeyNotFoundError']))
  const last = await fetch(`${server.url}/jwks`, { headers: { 'if-none-match': String(first.headers.get('etag')) } })
  expect(last.status).toBe(304)
})

function asking(url: string, refusals = [401]): Check {
  return async (token) => {
    const { status } = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
    if (status !== 200 && !refusals.includes(status)) throw new Error(`answered ${status}`)
    return status === 200 ? 'accepted' : 'refused'
  }
}

async function withExpress(check: ReturnType<typeof auth>): Promise<Check> {
  const app = express()
  app.use(check, (_request, response) => void response.send('ok'))
  const answerError: ErrorRequestHandler = (error, _request, response, _next) =>
    void response.sendStatus(error.status ?? 500)
  app.use(answerError)
  return asking(await listen(app))
}

async function listen(listener: RequestListener): Promise<string> {
  const listening = createServer(listener)
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  stops.push(
    () => listening.closeAllConnections(),
    () => listening.close(),
  )
  return `http://127.0.0.1:${(listening.address() as AddressInfo).port}`
}
