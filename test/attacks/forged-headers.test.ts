import { generateKeyPairSync, sign } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { decode, introspect, ordersService, read, type Tokens, tokensOf, userinfo } from '../endpoints/client.ts'
import { postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

/**
 * The header of a JWT says by which key and how it is to be checked, and whoever made the JWT wrote it (RFC 8725 §3.1,
 * §3.5, §3.10). Nothing of it is believed, fetched or computed.
 */
const CLIENT = 'by-assertion'
const DEADLINE_MS = 10_000
const own = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const foreign = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const jwk = foreign.publicKey.export({ format: 'jwk' })

let server: TestServer
let tokens: Tokens
let keyServer: Server
let keysAsked = 0
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER }, { captureLog: true })
  tokens = await tokensOf(server.url, { scope: 'openid' })
  keyServer = createServer((_, response) => {
    keysAsked++
    response.end(JSON.stringify({ keys: [jwk] }))
  })
  await new Promise<void>((resolve) => keyServer.listen(0, '127.0.0.1', resolve))
  const metadata = {
    client_id: CLIENT,
    first_party: true,
    grant_types: ['client_credentials'],
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [{ ...own.publicKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig' }] },
  }
  const { status } = await ask(server, OWNER, 'POST', '/v1/clients', { metadata })
  if (status !== 201) throw new Error(`not registered: ${status}`)
})
afterAll(async () => {
  await server?.stop()
  keyServer?.close()
})

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
function signed(header: object, payload: object, { privateKey } = foreign): string {
  const input = `${encode({ alg: 'ES256', ...header })}.${encode(payload)}`
  const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`
}

const address = () => `http://127.0.0.1:${(keyServer.address() as AddressInfo).port}/keys`
const CERTIFICATE = Buffer.from('no certificate').toString('base64')
const five = (header: object) => [encode(header), 'AAAA', 'AAAA', 'AAAA', 'AAAA'].join('.')
/** How a JWT with such a header is made; `kid` is one of ours. */
const FORGED: Readonly<Record<string, (payload: object, kid: unknown) => string>> = {
  'a key in jwk': (payload) => signed({ jwk }, payload),
  'a key in jwk, under our kid': (payload, kid) => signed({ jwk, kid }, payload),
  'an address of keys in jku': (payload) => signed({ jku: address(), kid: 'x' }, payload),
  'an address of certificates in x5u': (payload, kid) => signed({ x5u: address(), kid }, payload),
  'a certificate in x5c': (payload, kid) => signed({ x5c: [CERTIFICATE], kid }, payload),
  'a certificate by its digest in x5t': (payload) => signed({ x5t: 'AAAA', 'x5t#S256': 'AAAA' }, payload),
  'a type of another kind of token': (payload, kid) => signed({ typ: 'secevent+jwt', kid }, payload),
  'an unencoded payload (RFC 7797)': (payload, kid) => signed({ b64: false, crit: ['b64'], kid }, payload),
  'alg in another case': (payload, kid) => signed({ alg: 'es256', kid }, payload),
  'alg as a list': (payload, kid) => signed({ alg: ['ES256'], kid }, payload),
  'encryption by a password with a billion rounds': () =>
    five({ alg: 'PBES2-HS512+A256KW', enc: 'A128GCM', p2c: 1_000_000_000, p2s: 'AAAA' }),
  'direct encryption, compressed': () => five({ alg: 'dir', enc: 'A128GCM', zip: 'DEF' }),
  'encryption for a key of ours': (_, kid) => five({ alg: 'ECDH-ES', enc: 'A128GCM', kid, epk: jwk }),
}

/** Where a JWT can be brought, and whether it is believed there. */
const PLACES: Readonly<Record<string, (forge: (payload: object) => string) => Promise<boolean>>> = {
  introspection: async (forge) => (await introspect(server.url, forge(accessToken()))).active === true,
  userinfo: async (forge) => (await userinfo(server.url, forge(accessToken()))).status === 200,
  'token exchange': async (forge) =>
    isTaken('/token', {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: forge(accessToken()),
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      resource: 'urn:vestibule:warehouse',
    }),
  'a client assertion': async (forge) => {
    const exp = Math.floor(Date.now() / 1000) + 60
    const claims = { iss: CLIENT, sub: CLIENT, aud: server.url, jti: crypto.randomUUID(), exp }
    const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
    const fields = { grant_type: 'client_credentials', client_assertion_type, client_assertion: forge(claims) }
    return isTaken('/token', fields, {})
  },
  'a hint of who signs out': async (forge) => {
    const hint = forge(decode(tokens.id_token).payload)
    const { status } = await fetch(`${server.url}/logout?id_token_hint=${hint}`, { redirect: 'manual' })
    return status < 400
  },
}

const accessToken = () => decode(tokens.access_token).payload
async function isTaken(path: string, fields: Record<string, string>, headers: Record<string, string> = ordersService) {
  return (await read(postForm(server.url + path, fields, headers))).status === 200
}

const CELLS = Object.keys(PLACES).flatMap((place) => Object.keys(FORGED).map((what) => [place, what] as const))

test.each(CELLS)('at %s a JWT with %s is not believed', { timeout: DEADLINE_MS }, async (place, what) => {
  const kid = decode(place === 'a hint of who signs out' ? tokens.id_token : tokens.access_token).header.kid
  expect(await PLACES[place]?.((payload) => FORGED[what]?.(payload, kid) ?? '')).toBe(false)
})

test('no address in a header was called, and none of this was an error of ours', () => {
  expect(keysAsked).toBe(0)
  expect(server.logLines.filter((line) => line.includes('request.failed'))).toEqual([])
})

test.each(Object.keys(PLACES))('at %s a real one is believed', async (place) => {
  const real = (payload: object) => {
    if (place === 'a client assertion') return signed({}, payload, own)
    return place === 'a hint of who signs out' ? tokens.id_token : tokens.access_token
  }
  expect(await PLACES[place]?.(real)).toBe(true)
})
