import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

/** What a ceiling is told when it starts. */
export type CeilingInput = {
  readonly port: number
  readonly redisUrl: string
  /** The answer of our server that it gives too, in its size. */
  readonly answer: string
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>

/** The input, which is the one argument of the program. */
export function readInput(): CeilingInput {
  return JSON.parse(String(process.argv[2])) as CeilingInput // what ceilings.ts writes
}

/** Listens with nothing between `node:http` and the handler. */
export function listen(port: number, handle: Handler): void {
  const server = createServer((request, response) => {
    Promise.resolve(handle(request, response)).catch((error: Error) => response.writeHead(500).end(error.message))
  })
  server.listen(port, '127.0.0.1')
}

/** The form that was posted and the client that its header names: what no such endpoint can do without. */
export async function readRequest(request: IncomingMessage): Promise<{ form: URLSearchParams; client: string }> {
  const body = await new Promise<string>((resolve, reject) => {
    let text = ''
    request.setEncoding('latin1')
    request.on('data', (chunk: string) => {
      text += chunk
    })
    request.on('end', () => resolve(text))
    request.on('error', reject)
  })
  const form = new URLSearchParams(body)
  return { form, client: clientOf(request.headers.authorization) ?? String(form.get('client_id')) }
}

/** The client of `client_secret_basic`; undefined where the header is that of a token, or missing. */
function clientOf(authorization: string | undefined): string | undefined {
  if (!authorization?.startsWith('Basic ')) return undefined
  const [id = ''] = Buffer.from(authorization.slice(6), 'base64').toString().split(':')
  return decodeURIComponent(id)
}

/** Answers JSON that may not be cached. */
export function answerJson(response: ServerResponse, document: object): void {
  const body = JSON.stringify(document)
  response
    .writeHead(200, {
      'Content-Type': 'application/json; charset=utf-8',
      'Cache-Control': 'no-store',
      'Content-Length': Buffer.byteLength(body),
    })
    .end(body)
}
