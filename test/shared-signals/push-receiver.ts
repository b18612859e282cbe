import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { createRemoteJWKSet, jwtVerify } from 'jose'

/** What a Security Event Token says, and its header. */
export type ReadSet = {
  readonly header: Record<string, unknown>
  readonly claims: Record<string, unknown> & { readonly jti: string; readonly iat: number }
  readonly subId: Record<string, unknown>
  /** The one event: its type without the base, and its members. */
  readonly event: string
  readonly members: Record<string, unknown>
}

/** Checks a SET as a receiver must: by the published keys, typ, issuer, audience; no sub, no exp, one event (SSF 1.0 §4.1). */
export async function readSet(issuer: string, audience: string, set: string): Promise<ReadSet> {
  const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`))
  const { payload, protectedHeader } = await jwtVerify(set, keys, {
    issuer,
    audience,
    typ: 'secevent+jwt',
    algorithms: ['RS256'],
    requiredClaims: ['iat', 'jti', 'sub_id', 'events'],
  })
  for (const name of ['sub', 'exp', 'nbf', 'nonce']) if (name in payload) throw new Error(`a SET with ${name}`)
  if (!Number.isInteger(payload.iat)) throw new Error('iat is no whole number')
  const events = Object.entries(payload.events as Record<string, Record<string, unknown>>)
  const [only] = events
  if (!only || events.length > 1) throw new Error(`${events.length} events in one SET`)
  const [type, members] = only
  if (!type.includes('/ssf/') && !(members.reason_admin as { en?: string } | undefined)?.en)
    throw new Error(`${type} has no reason_admin`)
  return {
    header: protectedHeader as Record<string, unknown>,
    claims: payload as ReadSet['claims'],
    subId: payload.sub_id as Record<string, unknown>,
    event: type.slice(type.lastIndexOf('/') + 1),
    members,
  }
}

export type Pushed = { readonly body: string; readonly headers: IncomingHttpHeaders; readonly path: string }

export type PushReceiver = {
  readonly url: string
  readonly pushed: Pushed[]
  /** How the next requests are answered, in turn; afterwards 202. */
  readonly answers: ((response: ServerResponse) => void)[]
  stop(): Promise<void>
}

/** A receiver on loopback to which signals are pushed (RFC 8935). */
export async function startPushReceiver(): Promise<PushReceiver> {
  const pushed: Pushed[] = []
  const answers: PushReceiver['answers'] = []
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      pushed.push({ body, headers: request.headers, path: String(request.url) })
      const answer = answers.shift()
      if (answer) answer(response)
      else response.writeHead(202).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/events`,
    pushed,
    answers,
    stop: () => new Promise((resolve) => server.close(() => resolve()).closeAllConnections()),
  }
}
