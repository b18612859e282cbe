import type { Client, Provider } from 'oidc-provider'
import { z } from 'zod'
import type { ClientMetadata } from '../../clients/client.ts'
import { type Answers, postOnce, resultOf } from '../../outbox/http-result.ts'
import type { Message, NewMessage, SendResult } from '../../outbox/message.ts'
import type { GuardedFetch } from '../../outgoing/guarded-fetch.ts'
import { seal, unseal } from '../../storage/seal.ts'

/** The kind of these messages in the outbox. */
export const CIBA_PING = 'ciba-ping'

const SEALED = 'ping of an authentication request'
/** As CIBA Core §10.2 has it: 204, or 200 for frameworks that know no other. */
const ANSWERS: Answers = { isTaken: (status) => status === 204 || status === 200, later: [408, 429] }

const payload = z.object({ sealed: z.string(), expiresAt: z.number() })
const ping = z.object({ requestId: z.string(), token: z.string() })

/** The members of the library's request that a ping needs; its published type leaves them out. */
type Request = {
  readonly jti: string
  readonly exp: number
  readonly clientId: string
  readonly params?: { readonly client_notification_token?: unknown }
}

type SealKeys = readonly [string, ...string[]]

/** The message that tells a client that its request has an outcome. The client's token and the request's id wait sealed. */
export function toPing({ jti, exp, clientId, params }: Request, [sealKey]: SealKeys): NewMessage {
  const secret = JSON.stringify({ requestId: jti, token: String(params?.client_notification_token) })
  return { kind: CIBA_PING, receiver: clientId, payload: { sealed: seal(sealKey, SEALED, secret), expiresAt: exp } }
}

/** The library notifies clients within the request of the person who decides, once. Now a message goes into the outbox. */
export function queuePings({ Client: Model }: Provider, queue: (request: Request) => Promise<void>): void {
  // The published type takes a request without the members that are read here.
  const prototype = Model.prototype as Client & { backchannelPing(request: unknown): Promise<void> }
  prototype.backchannelPing = (request) => queue(request as Request) // the library's, see above
}

export type SendPingDeps = {
  readonly fetch: GuardedFetch
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>
  readonly sealKeys: SealKeys
}

/** Notifies a client once (CIBA Core §10.2), unless its request is over. */
export function createSendPing({ fetch, findClient, sealKeys }: SendPingDeps) {
  return async function sendPing({
    receiver,
    payload: given,
  }: Pick<Message, 'receiver' | 'payload'>): Promise<SendResult> {
    const read = payload.safeParse(given).data
    const opened = read && sealKeys.map((key) => unseal(key, SEALED, read.sealed)).find((each) => each !== undefined)
    if (!read || opened === undefined) return { refused: 'the message cannot be opened: its key is gone' }
    if (read.expiresAt <= Date.now() / 1000) return { refused: 'the request is over' }
    const { requestId, token } = ping.parse(JSON.parse(opened))
    const address = (await findClient(receiver))?.backchannel_client_notification_endpoint
    if (address === undefined) return { refused: 'the client has no backchannel_client_notification_endpoint' }
    const request = {
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ auth_req_id: requestId }),
    }
    return postOnce(fetch, address, request, (answer) => resultOf(answer, ANSWERS))
  }
}
