import type { Incoming } from './incoming.ts'
import { AccessRefused, invalidToken } from './refused.ts'

export type Credentials = { readonly scheme: 'Bearer' | 'DPoP'; readonly token: string }

const TOKEN = /^[\w.~+/-]+=*$/

/**
 * The access token of a request, from the `Authorization` header alone (RFC 6750 §2.1, RFC 9449 §7.1).
 *
 * @throws AccessRefused `missing_token` without one or with another scheme, `invalid_request` with two, or with one in
 * the address, where it would be logged; `invalid_token` when it is longer than `maxTokenBytes`.
 */
export function readCredentials(
  incoming: Incoming,
  { maxTokenBytes, takesDpop }: { readonly maxTokenBytes: number; readonly takesDpop: boolean },
): Credentials {
  if (hasTokenInQuery(incoming.target)) {
    throw new AccessRefused('invalid_request', { reason: 'an access token in the address is not accepted' })
  }
  const values = incoming.header('authorization')
  const [value = ''] = values
  if (values.length > 1 || value.includes(',')) {
    throw new AccessRefused('invalid_request', { reason: 'more than one Authorization header' })
  }
  const blank = value.indexOf(' ')
  const scheme = schemeOf(blank < 0 ? '' : value.slice(0, blank), takesDpop)
  const token = value.slice(blank + 1).trim()
  if (!scheme || token === '') throw new AccessRefused('missing_token', { reason: 'no access token' })
  if (token.length > maxTokenBytes) throw invalidToken(`the token is longer than ${maxTokenBytes} bytes`)
  if (!TOKEN.test(token))
    throw new AccessRefused('missing_token', { reason: 'the Authorization header cannot be read' })
  return { scheme, token }
}

function schemeOf(text: string, takesDpop: boolean): Credentials['scheme'] | undefined {
  const scheme = text.toLowerCase()
  if (scheme === 'bearer') return 'Bearer'
  return scheme === 'dpop' && takesDpop ? 'DPoP' : undefined
}

function hasTokenInQuery(target: string): boolean {
  const start = target.indexOf('?')
  if (start < 0) return false
  return [...new URLSearchParams(target.slice(start + 1)).keys()].some((name) => name.toLowerCase() === 'access_token')
}
