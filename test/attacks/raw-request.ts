import { connect } from 'node:net'

/**
 * Sends `text` over a bare connection and gives back everything that came until the server hung up: for requests that
 * no HTTP client would send.
 *
 * @throws when the server neither answers nor hangs up in time.
 */
export function sendRaw(url: string, text: string | Uint8Array, { deadlineMs = 15_000 } = {}): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname === 'localhost' ? '127.0.0.1' : hostname)
    let received = ''
    socket.setEncoding('utf8')
    socket.setTimeout(deadlineMs, () => {
      socket.destroy()
      reject(new Error(`no end after ${deadlineMs} ms; so far: ${received.slice(0, 200)}`))
    })
    socket.on('data', (chunk: string) => {
      received += chunk
    })
    socket.on('end', () => resolve(received))
    // A server may hang up on what it will not read.
    socket.on('error', () => resolve(received))
    socket.write(text)
  })
}

/** A request with these header lines, its connection closed after the answer. */
export function request(line: string, headers: readonly string[] = ['Host: localhost'], body = ''): string {
  return [`${line} HTTP/1.1`, ...headers, 'Connection: close', '', body].join('\r\n')
}

export function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0)
}
