/** A request, before it is known to whom it goes. */
export type Request = {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** What a scenario can ask of a contestant to begin with. */
export type TokenKind =
  /** An access token by client credentials. */
  | 'machine'
  /** An access token of a customer, and one that userinfo takes. */
  | 'customer'
  | 'customer-openid'
  /** A refresh token, and one whose refreshes bring an ID token. */
  | 'refresh'
  | 'refresh-openid'

/** What is there to be asked, by the names that contestants have for it. */
export type Target = {
  readonly port: number
  readonly paths: Readonly<Record<'jwks' | 'discovery' | 'token' | 'introspection' | 'revocation' | 'userinfo', string>>
  /** A client that gets tokens by client credentials and introspects them. */
  readonly service: { readonly id: string; readonly secret: string }
  /** A public client that refreshes. */
  readonly app: string
  readonly customer: { readonly login: string; readonly password: string }
  tokens(kind: TokenKind, count: number): Promise<readonly string[]>
}

/** A GET request. */
export function get(path: string, headers: Request['headers'] = {}): Request {
  return { method: 'GET', path, headers }
}

/** A POST request with a form. */
export function form(
  path: string,
  fields: Readonly<Record<string, string>>,
  headers: Request['headers'] = {},
): Request {
  const body = new URLSearchParams(fields).toString()
  return { method: 'POST', path, headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' }, body }
}

/** A POST request with a JSON document of this media type. */
export function json(path: string, document: object, mediaType: string): Request {
  return { method: 'POST', path, headers: { 'content-type': mediaType }, body: JSON.stringify(document) }
}

/** The request as it is sent to `localhost:PORT`; Content-Length is its last header. */
export function asText({ method, path, headers = {}, body }: Request, port: number): string {
  const lines = [`${method} ${path} HTTP/1.1`, `Host: localhost:${port}`, 'Accept: */*']
  const given = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  const ofBody = body === undefined ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]
  return [...lines, ...given, ...ofBody, '', body ?? ''].join('\r\n')
}

/** Sends one request and returns the body of its answer; anything but 2xx is an error. */
export async function ask(port: number, { method, path, headers, body }: Request): Promise<string> {
  const response = await fetch(`http://localhost:${port}${path}`, { method, headers, body })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
  return text
}

/** Asks for `count` tokens, some at once, and takes `member` of each answer. */
export async function askForTokens(
  count: number,
  member: 'access_token' | 'refresh_token',
  one: () => Promise<string>,
): Promise<string[]> {
  const AT_ONCE = 8
  const tokens: string[] = []
  while (tokens.length < count) {
    const size = Math.min(AT_ONCE, count - tokens.length)
    const answers = await Promise.all(Array.from({ length: size }, one))
    for (const answer of answers) {
      const token = (JSON.parse(answer) as Record<string, unknown>)[member]
      if (typeof token !== 'string') throw new Error(`an answer without ${member}: ${answer}`)
      tokens.push(token)
    }
  }
  return tokens
}
