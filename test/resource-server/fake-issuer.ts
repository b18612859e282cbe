import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { deflateSync } from 'node:zlib'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose'
import type { ResourceServerEvent, ResourceServerOptions } from '../../packages/resource-server/src/index.ts'
import { createResourceServer } from '../../packages/resource-server/src/index.ts'

/** An authorization server of which tests decide everything: its keys, its pages, its answers, whether it is there. */
export type FakeIssuer = Awaited<ReturnType<typeof startFakeIssuer>>

export type Entry = readonly [seq: number, kind: string, value: string, at: number, until: number]
type Key = { readonly privateKey: CryptoKey; readonly jwk: JWK }

export const AUDIENCE = 'urn:test:orders'

export async function startFakeIssuer() {
  const counts: Record<string, number> = {}
  const asked: URL[] = []
  /** By path: what is answered instead. */
  const instead = new Map<string, (request: IncomingMessage, response: ServerResponse) => void>()
  const active = new Map<string, Record<string, unknown>>()
  const state = {
    isAway: false,
    hasFeed: true,
    ttl: 60,
    entries: [] as Entry[],
    floor: 0,
    keys: [await makeKey('key-1')] as Key[],
    clock: Date.now,
    /** Page size. */
    most: 1000,
    listed: Buffer.alloc(0),
  }
  const now = () => Math.floor(state.clock() / 1000)

  const server = createServer(async (request, response) => {
    const url = new URL(String(request.url), issuer)
    counts[url.pathname] = (counts[url.pathname] ?? 0) + 1
    asked.push(url)
    if (state.isAway) return request.socket.destroy()
    const other = instead.get(url.pathname)
    if (other) return other(request, response)
    const json = (value: unknown) => response.setHeader('content-type', 'application/json').end(JSON.stringify(value))
    if (url.pathname === '/.well-known/openid-configuration') return json(metadata())
    if (url.pathname === '/jwks') return json({ keys: state.keys.map(({ jwk }) => jwk) })
    if (url.pathname === '/introspect') {
      const token = new URLSearchParams(await bodyOf(request)).get('token') ?? ''
      return json(active.get(token) ?? { active: false })
    }
    if (url.pathname === '/revocations') {
      const after = url.searchParams.get('after')
      const etag = `"${state.entries.at(-1)?.[0] ?? 0}"`
      if (after !== null && request.headers['if-none-match'] === etag) return response.writeHead(304).end()
      return response.setHeader('etag', etag).end(await page(after === null ? undefined : Number(after)))
    }
    if (url.pathname.startsWith('/status-lists/')) return response.end(await statusList(url.pathname))
    return response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  function metadata() {
    return {
      issuer,
      jwks_uri: `${issuer}/jwks`,
      introspection_endpoint: `${issuer}/introspect`,
      ...(state.hasFeed && { vestibule_revocation_feed: `${issuer}/revocations` }),
    }
  }

  async function signed(payload: JWTPayload, header: Record<string, unknown>, key: Key = newest()): Promise<string> {
    return new SignJWT(payload)
      .setProtectedHeader({ alg: 'ES256', kid: String(key.jwk.kid), ...header })
      .sign(key.privateKey)
  }

  const newest = () => state.keys.at(-1) as Key

  /** The entries after a cursor as the feed gives them; `change` replaces claims. */
  async function page(after: number | undefined, change: JWTPayload = {}, key?: Key): Promise<string> {
    const later = state.entries.filter(([seq]) => seq > (after ?? 0))
    const entries = later.slice(0, state.most)
    const more = later.length > entries.length
    const to = more ? Number(entries.at(-1)?.[0]) : (state.entries.at(-1)?.[0] ?? after ?? 0)
    const times = { iat: now(), exp: now() + 3 * state.ttl, ttl: state.ttl }
    const claims = { iss: issuer, ...times, from: after ?? 0, to, floor: state.floor, entries, more, ...change }
    return signed(claims, { typ: 'revocations+jwt' }, key)
  }

  async function statusList(path: string): Promise<string> {
    const status_list = { bits: 1, lst: deflateSync(state.listed).toString('base64url') }
    const claims = { sub: issuer + path, iat: now(), exp: now() + 600, ttl: 60, status_list }
    return signed(claims, { typ: 'statuslist+jwt' })
  }

  /** A good access token, but for what `change` says. */
  function token(change: JWTPayload = {}, header: Record<string, unknown> = {}, key?: Key): Promise<string> {
    const claims = {
      iss: issuer,
      aud: AUDIENCE,
      sub: 'customer-1',
      client_id: 'shop',
      scope: 'orders:read',
      jti: `jti-${++made}`,
    }
    return signed(
      { ...claims, gid: 'grant-1', iat: now(), exp: now() + 900, ...change },
      { typ: 'at+jwt', ...header },
      key,
    )
  }
  let made = 0

  return {
    issuer,
    state,
    counts,
    asked,
    instead,
    active,
    now,
    page,
    signed,
    token,
    /** Publishes an entry; the next poll has it. */
    revoke(kind: string, value: string, at = now(), until = at + 3600): void {
      state.entries.push([(state.entries.at(-1)?.[0] ?? 0) + 1, kind, value, at, until])
    },
    async stop(): Promise<void> {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export async function makeKey(kid: string, alg = 'ES256'): Promise<Key> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

/** A service for a fake issuer, whose events are kept, with a clock that can be moved. */
export function createService(issuer: FakeIssuer, options: Partial<ResourceServerOptions> = {}) {
  const events: ResourceServerEvent[] = []
  const time = { aheadMs: 0 }
  const server = createResourceServer({
    issuer: issuer.issuer,
    audience: AUDIENCE,
    onEvent: (event) => events.push(event),
    clock: () => Date.now() + time.aheadMs,
    ...options,
  })
  return {
    server,
    events,
    time,
    names: () => events.filter(({ level }) => level !== 'debug').map(({ event }) => event),
    /** The status of a request with this token, and the code of its refusal. */
    async ask(
      token: string,
      { method = 'GET', url = 'http://orders.test/orders', headers = {} } = {},
    ): Promise<string> {
      const request = new Request(url, { method, headers: { authorization: `Bearer ${token}`, ...headers } })
      const admission = await server.admit(request)
      return admission.isAdmitted ? '200' : `${admission.answer.status} ${admission.refused.code}`
    },
  }
}
