import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { createRemoteJWKSet, type JWTPayload, jwtVerify } from 'jose'
import { waitFor } from '../support/wait-for.ts'

/** A POST that a receiver got. */
export type Received = {
  readonly contentType: string | undefined
  readonly form: URLSearchParams
  readonly atMs: number
}

/** A logout token as the receiver read it, after it verified the signature. */
export type LogoutNotice = { readonly header: Record<string, unknown>; readonly claims: JWTPayload & { sid?: string } }

export type Receiver = {
  /** Where it takes logout tokens. */
  readonly uri: string
  readonly received: readonly Received[]
  /** How it answers from now on: with a status, or as the function does. */
  answer(how: number | ((response: ServerResponse, count: number) => void)): void
  /** Waits until there are so many, and returns them verified, for this client. */
  notices(count: number, at: { readonly issuer: string; readonly audience: string }): Promise<LogoutNotice[]>
  stop(): Promise<void>
}

const DEADLINE_MS = 120_000

/** A client's receiver of logout tokens, on loopback. */
export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = []
  let answer: (response: ServerResponse, count: number) => void = (response) => response.writeHead(200).end()
  const server = createServer(async (request, response) => {
    const form = new URLSearchParams(await text(request))
    received.push({ contentType: request.headers['content-type'], form, atMs: Date.now() })
    answer(response, received.length)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/backchannel-logout`,
    received,
    answer(how) {
      answer = typeof how === 'number' ? (response) => response.writeHead(how).end() : how
    },
    async notices(count, { issuer, audience }) {
      await waitFor(() => received.length >= count, { deadlineMs: DEADLINE_MS, what: `${count} logout tokens` })
      const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`))
      const verified = received.map(async ({ form }) => {
        const read = await jwtVerify(form.get('logout_token') ?? '', keys, { issuer, audience, typ: 'logout+jwt' })
        return { header: { ...read.protectedHeader }, claims: read.payload }
      })
      return Promise.all(verified)
    },
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
