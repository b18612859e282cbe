import { decode } from '../endpoints/client.ts'
import type { Generated } from './generate.ts'
import type { RawAnswer } from './raw-client.ts'

const JWT = /[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}/g
const REFRESH_TOKEN = /vrt_[\w-]{66}[0-9a-z]{1,7}/g
/** What is new in each token. */
const RANDOM_CLAIMS = ['jti', 'gid', 'iat', 'exp', 'iat_ms', 'auth_time', 'sid', 'at_hash']

/** What tells two answers apart beyond times and random parts; undefined where nothing does. */
export function sameBut(first: RawAnswer, second: RawAnswer): string | undefined {
  const [one, other] = [plainText(first), plainText(second)]
  return one === other ? undefined : `\n${one}\n— and without the fast path —\n${other}`
}

/** Which kind of answer it is: to see that every kind was made. */
export function likeness({ method, path }: Generated, { status, body }: RawAnswer): string {
  const kind = path.startsWith('/introspect') ? 'introspect' : path.startsWith('/token') ? 'token' : 'read'
  const code = status.split(' ')[1]
  if (kind !== 'introspect' || code !== '200' || method !== 'POST') return `${kind} ${code}`
  return `${kind} ${code} ${body.includes('"active":true') ? 'active' : 'inactive'}`
}

const OPAQUE_TOKEN = /"access_token":"[\w-]{43}"/g
const UUID = /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/g

function plainText({ status, headers, body }: RawAnswer): string {
  const kept = headers.map(([name, value]) => `${name}: ${isRandom(name) ? '…' : value}`)
  const said = body
    .replace(JWT, withoutRandom)
    .replace(REFRESH_TOKEN, 'vrt_…')
    .replace(OPAQUE_TOKEN, '"access_token":"…"')
  // The page of an error names its request.
  const isPage = kept.some((header) => header.startsWith('Content-Type: text/html'))
  return [status, ...kept, '', isPage ? said.replace(UUID, '…') : said].join('\n')
}

function isRandom(name: string): boolean {
  return name === 'X-Request-Id' || name === 'Date'
}

/** A token's header and claims, in their order, with how long it lives in place of when it ends. */
function withoutRandom(token: string): string {
  try {
    const { header, payload } = decode(token)
    const said = Object.entries(payload).map(([name, value]) => [name, RANDOM_CLAIMS.includes(name) ? '…' : value])
    return JSON.stringify([header, said, Number(payload.exp) - Number(payload.iat)])
  } catch {
    return token
  }
}
