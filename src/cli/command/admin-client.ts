import { findLocalAccess } from '../../admin/local-access.ts'
import { readConfig } from '../../config.ts'
import { causeOf, messageOf } from '../../thrown.ts'

/** The admin API could not be asked, or refused; the message says what to do next. */
export class AdminError extends Error {
  /** Of a refusal: the stable code of its problem details. */
  readonly code: string | undefined

  constructor(message: string, code?: string) {
    super(message)
    this.code = code
  }
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export type AdminClient = {
  /** Asks and returns the parsed answer. */
  call<T>(method: Method, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<T>
  /** Everything of a list, page after page. */
  list<Item>(path: string): Promise<Item[]>
  /** Reads what is there and asks for a change of just that; a change by another caller in between is refused. */
  change<T>(method: 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T>
  /** Sends a stream or nothing and yields the answer's lines as they come. */
  lines(method: 'GET' | 'POST', path: string, body?: ReadableStream): AsyncGenerator<string>
}

/**
 * A client of the admin API: a remote one by ADMIN_URL and ADMIN_TOKEN, otherwise the server that runs on DATA_DIR. It
 * looks for the server at its first call, which throws an AdminError when there is none.
 */
export function createAdminClient(environment: NodeJS.ProcessEnv): AdminClient {
  let access: { url: string; token: string } | undefined

  async function send(
    method: string,
    path: string,
    body?: unknown,
    further: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    access ??= findAccess(environment)
    const { url, token } = access
    // The types of Node know no `duplex`.
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...further,
      },
      ...(body !== undefined && { body: body as ReadableStream | string }), // a stream, or JSON made above
      ...(body instanceof ReadableStream && { duplex: 'half' }),
    } as RequestInit).catch((error: Error & { cause?: { code?: string } }) => {
      throw new AdminError(
        `No server answers at ${url} (${error.cause?.code ?? error.message}). Start it with "npx vestibule serve", ` +
          'or set ADMIN_URL and ADMIN_TOKEN to use another server.',
      )
    })
    if (!response.ok) throw await refusal(response)
    return response
  }

  async function call<T>(method: Method, path: string, body?: unknown, headers?: Record<string, string>): Promise<T> {
    const response = await send(method, path, body === undefined ? undefined : JSON.stringify(body), headers)
    return (response.status === 204 ? undefined : await response.json()) as T // the caller names what the route answers
  }

  return {
    call,
    async list<Item>(path: string) {
      const items: Item[] = []
      let cursor: string | undefined
      do {
        const query = cursor === undefined ? '' : `${path.includes('?') ? '&' : '?'}cursor=${cursor}`
        const page: { items: Item[]; next?: string } = await call('GET', `${path}${query}`)
        items.push(...page.items)
        cursor = page.next
      } while (cursor !== undefined)
      return items
    },
    async change<T>(method: 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown) {
      const etag = (await send('GET', path)).headers.get('etag') ?? '*'
      return call<T>(method, path, body, { 'If-Match': etag })
    },
    async *lines(method, path, body) {
      const response = await send(method, path, body, { 'Content-Type': 'application/x-ndjson' })
      let rest = ''
      // The types of fetch know no iteration.
      for await (const chunk of unlessBroken((response.body ?? []) as AsyncIterable<Uint8Array>)) {
        const lines = (rest + Buffer.from(chunk).toString('utf8')).split('\n')
        rest = lines.pop() ?? ''
        yield* lines
      }
      if (rest) yield rest
    },
  }
}

async function* unlessBroken(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks
  } catch (error) {
    throw new AdminError(
      `The connection to the server ended during the answer (${messageOf(causeOf(error) ?? error)}). Read the log of the server; continue an import with --resume.`,
    )
  }
}

function findAccess(environment: NodeJS.ProcessEnv): { url: string; token: string } {
  const { ADMIN_URL, ADMIN_TOKEN, DATA_DIR } = readConfig(environment)
  const local = findLocalAccess(DATA_DIR)
  const url = ADMIN_URL ?? local?.url
  const token = ADMIN_TOKEN?.[0] ?? local?.token
  if (url && token) return { url: url.replace(/\/$/, ''), token }
  throw new AdminError(
    `No server runs on DATA_DIR ${DATA_DIR}. Start one with "npx vestibule serve", set DATA_DIR to that of a running server, ` +
      'or set ADMIN_URL and ADMIN_TOKEN to use a remote server.',
  )
}

async function refusal(response: Response): Promise<AdminError> {
  // Problem details, or the answer of a proxy.
  const problem = (await response.json().catch(() => undefined)) as { detail?: string; code?: string } | undefined
  return new AdminError(problem?.detail ?? `The server answered ${response.status}.`, problem?.code)
}
