import type { DialectRequest } from '../dialect.ts'

export type Fields = Readonly<Record<string, string>>

/** Which client asks; a public one shows no secret. */
export type AskingClient = {
  readonly client_id: string
  readonly client_secret?: string
  /** It said so by HTTP Basic, and is told so in the same way. */
  readonly isBasic: boolean
}

/** A request whose form could be read. */
export type ReadRequest = { readonly fields: Fields; readonly client: AskingClient | undefined }

/**
 * The form of a request and its client. A client that shows a secret, or a password, may put the form into the query, as older
 * releases allow. Undefined when a parameter comes twice.
 */
export function readRequest(request: DialectRequest): ReadRequest | undefined {
  const isInQuery = request.body.trim() === ''
  const entries = isInQuery ? [...request.query] : [...new URLSearchParams(request.body)]
  if (new Set(entries.map(([name]) => name)).size < entries.length) return undefined
  const fields: Fields = Object.fromEntries(entries)
  const read = { fields, client: readBasic(request) ?? clientIn(fields) }
  return isInQuery && isNewer(read) ? { fields: {}, client: read.client } : read
}

/**
 * True for a request as release 2211-jdk21 and later expect it. Both generations use the same paths: a code and a client
 * without a secret are of the newer one, a password is of the older one.
 */
export function isNewer({ fields, client }: ReadRequest): boolean {
  const grantType = own(fields, 'grant_type')
  if (grantType === 'authorization_code') return true
  return client !== undefined && client.client_secret === undefined && !['password', 'custom'].includes(grantType)
}

/** A field; empty when it is missing. */
export function own(fields: Fields, name: string): string {
  return Object.hasOwn(fields, name) ? String(fields[name]) : ''
}

/** The value of `Authorization: Bearer`, in any case: clients send `token_type` back as they got it. */
export function bearerOf({ headers }: Pick<DialectRequest, 'headers'>): string | undefined {
  return /^bearer +(\S+)$/i.exec(String(headers.authorization ?? '').trim())?.[1]
}

function clientIn(fields: Fields): AskingClient | undefined {
  const [client_id, client_secret] = [own(fields, 'client_id'), own(fields, 'client_secret')]
  return client_id ? { client_id, ...(client_secret && { client_secret }), isBasic: false } : undefined
}

function readBasic({ headers }: DialectRequest): AskingClient | undefined {
  const [, encoded] = /^basic +([a-z\d+/=_-]+)$/i.exec(String(headers.authorization ?? '').trim()) ?? []
  if (encoded === undefined) return undefined
  const [id = '', ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':')
  const [client_id, client_secret] = [decoded(id), decoded(rest.join(':'))]
  return client_id ? { client_id, ...(client_secret && { client_secret }), isBasic: true } : undefined
}

/** RFC 6749 §2.3.1 has both form-encoded; older clients send them as they are. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
