import { read } from '../endpoints/client.ts'
import { addClient } from '../signal-endpoints/signal-clients.ts'
import type { TestServer } from '../support/server.ts'
import { waitFor } from '../support/wait-for.ts'
import { type ReadSet, readSet } from './push-receiver.ts'

export const PUSH = 'urn:ietf:rfc:8935'
export const POLL = 'urn:ietf:rfc:8936'

type Answer = Awaited<ReturnType<typeof read>>

export type StreamClient = {
  readonly id: string
  readonly bearer: string
  ask(method: string, path: string, body?: unknown, bearer?: string | undefined): Promise<Answer>
  create(body?: object): Promise<Record<string, unknown> & { readonly stream_id: string }>
  poll(streamId: string, body?: object): Promise<Answer>
  /** Polls and acknowledges until it is enough. */
  drain(streamId: string, isEnough: (all: readonly ReadSet[]) => boolean): Promise<ReadSet[]>
  /** Polls and acknowledges until `count` signals that `isOne` came; those that are not are let go. */
  take(streamId: string, count: number, isOne?: (set: ReadSet) => boolean): Promise<ReadSet[]>
  /** Everything that is there after a signal that can only come last: a verification. */
  takeAll(streamId: string): Promise<ReadSet[]>
}

/** A receiver of its own, and what it can ask. */
export async function addStreamClient(
  server: TestServer,
  scopes: readonly string[] = ['ssf.manage'],
): Promise<StreamClient> {
  const client = await addClient(server, scopes)
  const bearer = await client.token()

  const ask: StreamClient['ask'] = (method, path, body, token = bearer) =>
    read(
      fetch(`${server.url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }),
    )
  const poll: StreamClient['poll'] = (streamId, body = { returnImmediately: true }) =>
    ask('POST', `/ssf/poll/${streamId}`, body)

  async function drain(streamId: string, isEnough: (all: readonly ReadSet[]) => boolean): Promise<ReadSet[]> {
    const all: ReadSet[] = []
    await waitFor(
      async () => {
        const { status, body, text } = await poll(streamId)
        if (status !== 200) throw new Error(`poll: ${status} ${text}`)
        const sets = Object.entries(body.sets as Record<string, string>)
        for (const [jti, set] of sets) {
          const found = await readSet(server.url, client.id, set)
          if (found.claims.jti !== jti) throw new Error('another jti')
          all.push(found)
        }
        if (sets.length > 0) await poll(streamId, { maxEvents: 0, ack: sets.map(([jti]) => jti) })
        return isEnough(all)
      },
      { deadlineMs: 120_000, what: 'signals', everyMs: 100 },
    )
    return all
  }

  return {
    id: client.id,
    bearer,
    ask,
    async create(body = {}) {
      const made = await ask('POST', '/ssf/streams', body)
      if (made.status !== 201) throw new Error(`no stream: ${made.status} ${made.text}`)
      return made.body
    },
    poll,
    drain,
    async take(streamId, count, isOne = () => true) {
      const all = await drain(streamId, (found) => found.filter(isOne).length >= count)
      return all.filter(isOne)
    },
    takeAll: (streamId) => drain(streamId, (found) => found.some(({ event }) => event === 'verification')),
  }
}
