import { randomUUID } from 'node:crypto'
import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'

type Handle = (request: IncomingMessage, response: ServerResponse) => void

/** A request that never became one, for the log. */
export type UnreadableRequest = {
  readonly requestId: string
  readonly status: number
  /** The address at the other end: nothing that a proxy may have said of it was read. */
  readonly ip: string
  /** What the parser calls it: `HPE_INVALID_METHOD`. */
  readonly reason: string
}

const STATUSES: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  HPE_HEADER_OVERFLOW: 431,
}
const SENTENCES: Readonly<Record<number, string>> = {
  400: 'the request cannot be read',
  408: 'the request did not arrive in time',
  413: 'the body is too large',
  417: 'the expectation cannot be met',
  431: 'the header is too large',
}

/**
 * Answers what Node would answer by itself, without an id by which it is found: requests that cannot be read, those without a host,
 * and those that expect something else than to go on. Each is told to `report`.
 */
export function createUnreadableRequests(report: (request: UnreadableRequest) => void) {
  /** The newest answer of each connection: none is written into another. */
  const newest = new WeakMap<Socket, ServerResponse>()

  function refuse(request: IncomingMessage, response: ServerResponse, status: number, reason: string): void {
    const requestId = noted(request.socket, status, reason)
    response.writeHead(status, headersOf(status, requestId)).end(bodyOf(status))
  }

  function noted(socket: Socket, status: number, reason: string): string {
    const requestId = randomUUID()
    report({ requestId, status, ip: socket.remoteAddress ?? '', reason })
    return requestId
  }

  return {
    refuse,

    /** Watches the answers of the requests that could be read; one without a host is none (RFC 9112 §3.2). */
    watch(handle: Handle): Handle {
      return (request, response) => {
        newest.set(request.socket, response)
        if (request.httpVersion === '1.1' && request.headers.host === undefined) {
          return refuse(request, response, 400, 'no-host')
        }
        handle(request, response)
      }
    },

    listenTo(server: Server): void {
      server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) =>
        refuse(request, response, 417, 'expectation'),
      )
      server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
        const { code = 'unknown' } = error
        const before = newest.get(socket)
        const isFree = before === undefined || before.writableFinished || !before.headersSent
        if (code === 'ECONNRESET' || !socket.writable || !isFree) return void socket.destroy(error)
        const status = STATUSES[code] ?? 400
        const lines = Object.entries(headersOf(status, noted(socket, status, code)))
        const head = [
          `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
          ...lines.map(([name, value]) => `${name}: ${value}`),
        ]
        socket.end(`${head.join('\r\n')}\r\n\r\n${bodyOf(status)}`, () => socket.destroy())
      })
    },
  }
}

function headersOf(status: number, requestId: string): Record<string, string> {
  return {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(bodyOf(status))),
    'Cache-Control': 'no-store',
    'X-Request-Id': requestId,
    Connection: 'close',
  }
}

function bodyOf(status: number): string {
  return JSON.stringify({ error: 'invalid_request', error_description: SENTENCES[status] })
}
