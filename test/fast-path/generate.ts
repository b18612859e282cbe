import { SECRET } from './pairs.ts'

/** Numbers that look random and are the same in each run. */
export function createRandom(seed: number) {
  let state = seed
  const next = (): number => {
    // A linear congruential generator: which requests are made must not depend on the day.
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  return {
    next,
    one: <T>(items: readonly T[]): T => items[Math.floor(next() * items.length)] as T, // none of the lists is empty
    chance: (part: number) => next() < part,
  }
}

export type Random = ReturnType<typeof createRandom>

/** A request before its host is known. Fields may come twice. */
export type Generated = {
  readonly method: string
  readonly path: string
  readonly fields: readonly (readonly [string, string])[]
  readonly headers: readonly (readonly [string, string])[]
  /** What each server is asked with in place of `{token}`. */
  readonly refreshes?: { readonly chain: number; readonly isPrevious: boolean }
}

type Field = readonly [string, string]

const MACHINES = [
  'by-header',
  'by-form',
  'with-scopes',
  'with-scope',
  'for-warehouse',
  'short-lived',
  'ending',
  'bound',
]
const OTHERS = ['disabled', 'nobody', 'orders-service', 'public-app', 'secret-app', 'a client', 'é']
const METHODS = ['GET', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS']
const SCOPES = [
  'orders:read',
  'orders:read orders:write',
  'openid',
  'orders:read orders:read',
  'nonsense',
  'a"b',
  ' ',
  'stock:read',
]
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`

const ODD_HEADERS: readonly Field[] = [
  ['Origin', 'https://elsewhere.example'],
  ['Origin', 'http://localhost:8080'],
  ['DPoP', 'not.a.proof'],
  ['Content-Encoding', 'gzip'],
  ['Content-Encoding', 'identity'],
  ['Accept', 'text/html'],
  ['Accept', 'application/jwt'],
  ['Accept-Encoding', 'gzip, br'],
  ['Accept-Language', 'de'],
  ['X-Forwarded-For', '203.0.113.7'],
  ['X-Forwarded-Host', 'evil.example'],
  ['X-Forwarded-Proto', 'https'],
  ['X-Request-Id', 'abcdefghijklmnop'],
  ['If-None-Match', '*'],
  ['If-None-Match', 'W/"other"'],
  ['Cookie', 'vestibule_session=abc; x=y'],
  ['Expect', '100-continue'],
  ['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
  ['OAuth-Client-Attestation', 'x.y.z'],
  ['Cache-Control', 'no-cache'],
  ['User-Agent', 'a service/1.0'],
  ['Range', 'bytes=0-3'],
  ['X-HTTP-Method-Override', 'GET'],
]

const FORM = 'application/x-www-form-urlencoded'
const TYPES = [
  'application/json',
  'text/plain',
  `${FORM}; charset=utf-8`,
  `${FORM};charset=UTF-8`,
  `${FORM}; charset=iso-8859-1`,
  `${FORM}; charset=nonsense`,
  'APPLICATION/X-WWW-FORM-URLENCODED',
  '',
]

/** One request; most are nearly right, because those are the ones that a fast path could answer wrongly. */
export function generate(random: Random, tokens: readonly string[], chains: number): Generated {
  const { one, chance } = random
  const kind = one(['introspect', 'introspect', 'introspect', 'machine', 'machine', 'refresh', 'read'] as const)
  const headers: Field[] = []
  if (chance(0.25)) headers.push(one(ODD_HEADERS))
  if (chance(0.05)) headers.push(one(ODD_HEADERS))
  const method = chance(0.04) ? one(METHODS) : undefined
  if (kind === 'read') {
    const path = one(['/jwks', '/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'])
    return {
      method: method ?? 'GET',
      path: chance(0.1) ? `${path}${one(['?x=1', '/', '//'])}` : path,
      fields: [],
      headers,
    }
  }
  headers.push(['Content-Type', chance(0.06) ? one(TYPES) : FORM])
  const path = kind === 'introspect' ? '/introspect' : '/token'
  const at = { method: method ?? 'POST', path: chance(0.03) ? `${path}${one(['?token=x', '/', '?'])}` : path }
  if (kind === 'refresh') {
    const fields: Field[] = [
      ['grant_type', 'refresh_token'],
      ['refresh_token', '{token}'],
    ]
    const refreshes = { chain: Math.floor(random.next() * chains), isPrevious: chance(0.2) }
    if (chance(0.1)) fields.push(['scope', one(['customer', 'openid', 'customer company', 'nonsense'])])
    if (chance(0.05)) fields.push(['resource', one(['urn:vestibule:commerce', 'urn:vestibule:warehouse', 'x'])])
    return { ...at, ...spoiled(random, fields, headers), refreshes }
  }
  const fields: Field[] =
    kind === 'introspect'
      ? [['token', one(tokens)], ...(chance(0.2) ? [['token_type_hint', one(['access_token', 'x'])] as const] : [])]
      : [['grant_type', chance(0.05) ? one(['client_credentials ', 'password', 'x', '']) : 'client_credentials']]
  if (kind === 'machine' && chance(0.4)) fields.push(['scope', one(SCOPES)])
  if (kind === 'machine' && chance(0.06)) fields.push(['resource', one(['urn:vestibule:commerce', 'urn:x', 'x', ''])])
  prove(random, fields, headers)
  return { ...at, ...spoiled(random, fields, headers) }
}

/** How a client shows who it is: mostly well. */
function prove({ one, chance }: Random, fields: Field[], headers: Field[]): void {
  const id = chance(0.12) ? one(OTHERS) : one(MACHINES)
  const secret =
    id === 'orders-service' ? 'orders-service-secret' : chance(0.06) ? one(['wrong', '', `${SECRET}x`]) : SECRET
  const way = one(['header', 'header', 'header', 'form', 'odd'] as const)
  if (way === 'form') fields.push(['client_id', id], ['client_secret', secret])
  if (way === 'header') headers.push(['Authorization', basic(`${id}:${secret}`)])
  if (way === 'header' && chance(0.1)) fields.push(['client_id', chance(0.5) ? id : one(MACHINES)])
  if (way === 'odd') {
    const odd = one([
      `basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
      `Basic  ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
      `Basic ${Buffer.from(`${id}:${secret}`).toString('base64url')}`,
      basic(id),
      basic(`${id}:`),
      basic(`:${secret}`),
      basic(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`),
      basic(`${id}:%`),
      `Bearer ${secret}`,
      'Basic',
      'Digest x',
    ])
    if (chance(0.8)) headers.push(['Authorization', odd])
    if (chance(0.3)) fields.push(['client_id', id], ['client_secret', secret])
  }
}

/** Some requests say something twice, too much, or nothing. */
function spoiled({ one, chance }: Random, fields: readonly Field[], headers: readonly Field[]) {
  let all = [...fields]
  if (chance(0.05)) all.push(one(all))
  if (chance(0.05))
    all.push(
      one([
        ['x', 'y'],
        ['client_assertion', 'a.b.c'],
        ['audience', 'x'],
        ['', ''],
        ['token[]', 'x'],
      ] as const),
    )
  if (chance(0.03)) all = all.map(([name, value], index) => [name, index === 0 ? '' : value] as const)
  if (chance(0.03)) all = all.slice(1)
  if (chance(0.2)) all = all.toReversed()
  return { fields: all, headers: chance(0.02) && headers[0] ? [...headers, headers[0]] : headers }
}
