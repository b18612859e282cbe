import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'

type Claims = Readonly<Record<string, unknown>>
type Reply = (request: IncomingMessage, response: ServerResponse) => void

/** An issuer on loopback: its metadata, its keys, and assertions that it signs. */
export type LocalIssuer = {
  readonly issuer: string
  readonly jwksUri: string
  /** What it publishes as its key set. */
  keys: JWK[]
  /** What takes the place of an answer, by path. */
  readonly replies: Map<string, Reply>
  /** Paths that were asked for, oldest first. */
  readonly paths: string[]
  /** An assertion that is good for a minute, with its members as they are given; those that are undefined are left out. */
  assert(claims: Claims, header?: Claims): Promise<string>
  /** Signs with another key from now on, which is published only if `isPublished`. */
  changeKey(isPublished: boolean): Promise<void>
  stop(): Promise<void>
}

export async function startLocalIssuer(path = ''): Promise<LocalIssuer> {
  let signer: { kid: string; key: CryptoKey; publicKey: JWK }
  const server = createServer((request, response) => {
    const { pathname } = new URL(String(request.url), 'http://localhost')
    local.paths.push(pathname)
    const reply = local.replies.get(pathname)
    if (reply) return reply(request, response)
    if (pathname === `/.well-known/oauth-authorization-server${path}`)
      return json(response, { issuer: local.issuer, jwks_uri: local.jwksUri })
    if (pathname === '/jwks') return json(response, { keys: local.keys })
    response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  const local: LocalIssuer = {
    issuer: `${origin}${path}`,
    jwksUri: `${origin}/jwks`,
    keys: [],
    replies: new Map(),
    paths: [],
    async assert(claims, header = {}) {
      const iat = Math.floor(Date.now() / 1000)
      const all = { iss: local.issuer, sub: 'person-1', iat, exp: iat + 60, jti: randomUUID(), ...claims }
      const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
      return new SignJWT(given).setProtectedHeader({ alg: 'ES256', kid: signer.kid, ...header }).sign(signer.key)
    },
    async changeKey(isPublished) {
      const kid = randomUUID()
      const pair = await generateKeyPair('ES256')
      signer = { kid, key: pair.privateKey, publicKey: { ...(await exportJWK(pair.publicKey)), kid, use: 'sig' } }
      if (isPublished) local.keys = [signer.publicKey]
    },
    stop: () => new Promise((resolve) => server.close(() => resolve()).closeAllConnections()),
  }
  await local.changeKey(true)
  return local
}

function json(response: ServerResponse, body: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
