/** A request as a Spryker client sends it. `{{name}}` in a path or header stands for a token. */
export type GlueRequest = {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'OPTIONS' | 'HEAD'
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as it is when it is text, as JSON otherwise. */
  readonly body?: unknown
}

export type GlueAnswer = {
  readonly status: number
  readonly reason: string
  readonly headers: Headers
  readonly text: string
  readonly json: unknown
}

/** A recorded request and what has to come back. */
export type Pair = {
  readonly name: string
  readonly request: GlueRequest
  readonly status: number
  readonly reason?: string
  readonly contentType?: string | null
  readonly headers?: Readonly<Record<string, string | null>>
  readonly json?: unknown
}

export type Tokens = Readonly<Record<string, string>>

/** Sends a request; bodies that are no text go as JSON. Redirects are not followed. */
export async function exchange(url: string, request: GlueRequest, tokens: Tokens = {}): Promise<GlueAnswer> {
  const { method = 'POST', path, headers = {}, body } = request
  const response = await fetch(url + fill(path, tokens), {
    method,
    headers: {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, fill(value, tokens)])),
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    redirect: 'manual',
  })
  const text = await response.text()
  return { status: response.status, reason: response.statusText, headers: response.headers, text, json: parse(text) }
}

/** A JSON:API request document. */
export function document(type: string, attributes: unknown): object {
  return { data: { type, attributes } }
}

/** An error document: one error for each detail, `message` repeating it. */
export function errors(status: number, code: string | undefined, ...details: string[]): object {
  return { errors: details.map((detail) => ({ ...(code && { code }), status, detail, message: detail })) }
}

export type TokenAttributes = {
  readonly tokenType: string
  readonly expiresIn: number
  readonly accessToken: string
  readonly refreshToken: string
  readonly idCompanyUser?: string | null
}

/** Asks a token resource and returns its attributes; anything but 201 is a failure of the test. */
export async function obtain(
  url: string,
  type: string,
  attributes: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<TokenAttributes> {
  const answer = await exchange(url, { path: `/${type}`, headers, body: document(type, attributes) })
  if (answer.status !== 201) throw new Error(`${type}: ${answer.status} ${answer.text}`)
  return (answer.json as { data: { attributes: TokenAttributes } }).data.attributes
}

export const SONIA = { username: 'sonia@spryker.com', password: 'change123' }
export const AGENT = { username: 'agent@example.com', password: 'change123' }
export const SONIA_COMPANY_USER = 'ebf4b55a-cab0-5ed0-8fb7-525a3eeedeac'
/** One of two company users of test@meetanshi.com. */
export const OTHER_COMPANY_USER = '7c1f0a2e-5b0d-4c43-9d7e-000000000001'

export function bearer(token: string): { authorization: string } {
  return { authorization: `Bearer ${token}` }
}

/** Header and payload of a JWT, unverified. */
export function decode(token: string): { header: Record<string, unknown>; payload: Record<string, unknown> } {
  const [header = '', payload = ''] = token.split('.')
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>
  return { header: read(header), payload: read(payload) }
}

function fill(text: string, tokens: Tokens): string {
  return text.replace(/\{\{(\w+)\}\}/g, (_, name: string) => tokens[name] ?? `no token ${name}`)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
