import type { Log } from '../log.ts'
import { postOnce, resultOf } from '../outbox/http-result.ts'
import type { Message, SendResult } from '../outbox/message.ts'
import type { GuardedFetch } from '../outgoing/guarded-fetch.ts'
import type { FactSource } from './facts.ts'
import type { Mailbox } from './mailbox.ts'
import type { SetPayload } from './signal.ts'
import type { Stream } from './stream.ts'
import { NOTICE_KIND } from './tell.ts'

export type DeliveryDeps = {
  readonly findStream: (id: string) => Promise<Stream | undefined>
  /** Whether the client of a stream may be told anything now. */
  readonly mayReceive: (clientId: string) => Promise<boolean>
  readonly authorizationOf: (streamId: string) => Promise<string | undefined>
  readonly facts: Pick<FactSource, 'findAccount'>
  readonly mailbox: Pick<Mailbox, 'add'>
  /** Holds back what waits for a stream that is paused. */
  readonly holdAgain: (streamId: string) => Promise<void>
  /** There is something in the mailbox of this stream. */
  readonly onMail: (streamId: string) => void
  readonly signSet: (payload: SetPayload, clientId: string) => Promise<string>
  readonly fetch: GuardedFetch
  readonly log: Pick<Log, 'info'>
}

/** Error codes of RFC 8935 §2.4 and SSF 1.0; of other texts nothing is kept. */
const ERROR_CODE = /^[\w.:/-]{1,100}$/

/** Hands a signal to the receiver of its stream: by push (RFC 8935), or into the mailbox that it polls (RFC 8936). */
export function createDeliver(deps: DeliveryDeps) {
  return async function deliver({ kind, receiver, payload }: Message): Promise<SendResult> {
    const isNotice = kind === NOTICE_KIND
    const stream = await deps.findStream(receiver)
    if (!stream || !(await deps.mayReceive(stream.clientId))) return 'delivered'
    if (stream.status === 'disabled' && !isNotice) return 'delivered'
    if (stream.status === 'paused' && !isNotice) {
      await deps.holdAgain(receiver)
      return { retry: 'the stream is paused', afterSeconds: 1 }
    }
    const set = payload as SetPayload // written by `tell.ts` and `streams.ts`
    if (await isTooLate(deps, set)) return 'delivered'
    if (stream.method === 'push') return push(deps, stream, set)
    await deps.mailbox.add(receiver, set, { isNotice })
    deps.onMail(receiver)
    return 'delivered'
  }
}

/** Nothing is told of an account that is erased but that it is. */
async function isTooLate({ facts }: DeliveryDeps, { accountId, isLast }: SetPayload): Promise<boolean> {
  return accountId !== undefined && !isLast && (await facts.findAccount(accountId))?.isErased === true
}

async function push(deps: DeliveryDeps, stream: Stream, set: SetPayload): Promise<SendResult> {
  const { authorizationOf, signSet, fetch, log } = deps
  const authorization = await authorizationOf(stream.id)
  const body = await signSet(set, stream.clientId)
  const headers = {
    'Content-Type': 'application/secevent+jwt',
    Accept: 'application/json',
    ...(authorization !== undefined && { Authorization: authorization }),
  }
  return postOnce(fetch, String(stream.endpointUrl), { headers, body }, (response) => {
    if (response.ok && response.status !== 202)
      log.info(
        { stream: stream.id, status: response.status },
        'a receiver of signals answered with another status than 202',
      )
    return signalResultOf(response)
  })
}

/** 400 is final for the signal, and a redirect is not followed (RFC 8935 §2.3, §2.4); the receiver's code for it is kept. */
async function signalResultOf(response: Response): Promise<SendResult> {
  const result = resultOf(response)
  if (result === 'delivered' || 'retry' in result) return result
  const body: unknown = await response.json().catch(() => undefined)
  const { err } = Object(body) as { err?: unknown } // whatever it is
  return { refused: `${result.refused}${typeof err === 'string' && ERROR_CODE.test(err) ? `: ${err}` : ''}` }
}
