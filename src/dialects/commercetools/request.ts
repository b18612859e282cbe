import type { DialectRequest } from '../dialect.ts'

export type ClientCredentials = { readonly client_id: string; readonly client_secret: string }

/**
 * The fields of a form, which some clients put into the query instead. The SDK does not encode scopes: blanks and
 * colons may stand as they are. Undefined when a field comes twice.
 */
export function readFields({ body, query }: DialectRequest): Readonly<Record<string, string>> | undefined {
  const entries = body.trim() === '' ? [...query] : [...new URLSearchParams(body)]
  const isPlain = new Set(entries.map(([name]) => name)).size === entries.length
  return isPlain ? Object.fromEntries(entries) : undefined
}

/** The client's id and secret from HTTP Basic, taken as they are; undefined when there are none. */
export function readClient({ headers }: DialectRequest): ClientCredentials | undefined {
  const [, encoded] = /^basic +([a-z\d+/=_-]+)$/i.exec(String(headers.authorization ?? '')) ?? []
  if (encoded === undefined) return undefined
  const [client_id = '', ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':')
  return client_id && rest.length > 0 ? { client_id, client_secret: rest.join(':') } : undefined
}
