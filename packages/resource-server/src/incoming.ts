import { AccessRefused } from './refused.ts'

/** A request as Node's http module, Express, Fastify and Koa have it; only what is read here. */
export type NodeRequest = {
  readonly method?: string | undefined
  readonly url?: string | undefined
  /** Express keeps the address that the client asked for here. */
  readonly originalUrl?: string | undefined
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly rawHeaders?: readonly string[] | undefined
  readonly socket?: object | null | undefined
}

/** A request of the Fetch API; only what is read here. */
export type FetchRequest = {
  readonly method: string
  readonly url: string
  readonly headers: { get(name: string): string | null }
}

/** What is read of a request, whichever framework brought it. */
export type Incoming = {
  readonly method: string
  /** Path and query, as the client sent them. */
  readonly target: string
  /** The origin as this process sees it. Behind a proxy it is not the client's: see `publicUrl`. */
  readonly origin: string
  /** All values of a header, in order. */
  header(name: string): readonly string[]
  readonly socket?: object | undefined
}

const NO_ADDRESS = 'http://localhost'

/** Reads a request of Node or of the Fetch API. */
export function readIncoming(request: NodeRequest | FetchRequest): Incoming {
  return isFetchRequest(request) ? fromFetch(request) : fromNode(request)
}

function isFetchRequest(request: NodeRequest | FetchRequest): request is FetchRequest {
  return typeof (request.headers as { get?: unknown }).get === 'function' // Node's headers are a plain object
}

function fromFetch(request: FetchRequest): Incoming {
  const url = new URL(request.url)
  return {
    method: request.method,
    target: url.pathname + url.search,
    origin: url.origin,
    header(name) {
      const value = request.headers.get(name)
      return value === null ? [] : [value]
    },
  }
}

function fromNode(request: NodeRequest): Incoming {
  const scheme = (request.socket as { encrypted?: unknown } | undefined)?.encrypted ? 'https' : 'http' // a TLS socket says so
  const [host] = valuesOf(request, 'host')
  return {
    method: request.method ?? 'GET',
    target: originForm(request.originalUrl ?? request.url ?? '/'),
    origin: host && /^[\w.:[\]-]+$/.test(host) ? `${scheme}://${host}` : NO_ADDRESS,
    header: (name) => valuesOf(request, name),
    ...(request.socket && { socket: request.socket }),
  }
}

/** A request line may hold a whole address (RFC 9112 §3.2.2). */
function originForm(target: string): string {
  if (target.startsWith('/')) return target
  try {
    const url = new URL(target)
    return url.pathname + url.search
  } catch {
    throw new AccessRefused('invalid_request', { reason: 'the address cannot be read' })
  }
}

/** From the raw headers where there are some: Node drops the second of two `Authorization` headers from the others. */
function valuesOf({ headers, rawHeaders }: NodeRequest, name: string): readonly string[] {
  if (rawHeaders && rawHeaders.length > 0) {
    const values: string[] = []
    for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
      const [key, value] = [rawHeaders[index], rawHeaders[index + 1]]
      if (key?.length === name.length && key.toLowerCase() === name && value !== undefined) values.push(value)
    }
    return values
  }
  const value = headers[name]
  if (value === undefined) return []
  return typeof value === 'string' ? [value] : value
}
