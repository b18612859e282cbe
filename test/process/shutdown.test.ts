import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { introspect, sonia, tokensOf } from '../endpoints/client.ts'
import { type ServerProcess, startServerProcess } from '../support/server.ts'
import { waitFor } from '../support/wait-for.ts'

let server: ServerProcess | undefined
afterEach(() => server?.kill())

/** A token request of which the last byte is still missing. */
async function halfARequest(url: string): Promise<{ finish(): void; answer: Promise<string>; socket: Socket }> {
  const body = new URLSearchParams({ grant_type: 'password', client_id: 'frontend', ...sonia }).toString()
  const head = [
    'POST /token HTTP/1.1',
    'Host: localhost',
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${body.length}`,
  ]
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  let received = ''
  socket.setEncoding('utf8')
  socket.on('data', (chunk: string) => {
    received += chunk
  })
  const answer = new Promise<string>((resolve) => {
    socket.on('close', () => resolve(received))
    socket.on('error', () => {})
  })
  await new Promise<void>((resolve) => socket.once('connect', resolve))
  await new Promise<void>((resolve) =>
    socket.write(`${head.join('\r\n')}\r\n\r\n${body.slice(0, -1)}`, () => resolve()),
  )
  // What was written is read before the signal comes: the answer to a later request on another connection says so.
  await fetch(`${url}/health/live`)
  return { finish: () => void socket.write(body.slice(-1)), answer, socket }
}

const isStopping = (process: ServerProcess) =>
  waitFor(() => process.stdout().includes('finishing'), { what: 'the server to take notice of the signal' })

describe.each(['SIGINT', 'SIGTERM'] as const)('%s', (signal) => {
  test('lets a request under way finish, takes no new one, and ends with 0', async () => {
    server = await startServerProcess()
    const { url } = server
    const pending = await halfARequest(url)
    process.kill(server.pid, signal)
    await isStopping(server)
    // The signal is noticed a moment before the listener closes.
    const isRefused = () =>
      fetch(`${url}/jwks`, { headers: { connection: 'close' } }).then(
        () => false,
        () => true,
      )
    await waitFor(isRefused, { what: 'new requests to be refused' })

    pending.finish()
    expect(await pending.answer).toMatch(/^HTTP\/1\.1 200 [\s\S]*"access_token"/)
    expect(await server.exited).toEqual({ code: 0, signal: null })
    expect(server.stderr()).toBe('')
  })
})

test('a request that never finishes holds the end up no longer than SHUTDOWN_DEADLINE_SECONDS', async () => {
  server = await startServerProcess({ SHUTDOWN_DEADLINE_SECONDS: '1' })
  const pending = await halfARequest(server.url)
  process.kill(server.pid, 'SIGINT')
  expect(await server.exited).toEqual({ code: 0, signal: null })
  expect(await pending.answer).not.toContain('access_token')
})

test('a second signal ends the process at once', async () => {
  server = await startServerProcess()
  const pending = await halfARequest(server.url)
  process.kill(server.pid, 'SIGINT')
  await isStopping(server)
  process.kill(server.pid, 'SIGINT')
  expect((await server.exited).code).toBe(1)
  pending.socket.destroy()
})

test('what was issued before a stop is good after the next start', async () => {
  const first = await startServerProcess()
  server = first
  const { access_token } = await tokensOf(first.url)
  await first.end('SIGINT')
  server = await startServerProcess(first.settings)
  expect(await introspect(server.url, access_token)).toMatchObject({ active: true, customer_reference: 'DE--21' })
})
