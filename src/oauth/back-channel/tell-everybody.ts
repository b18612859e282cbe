import type { Knex } from 'knex'
import type { ClientSession, ClientSessions } from '../../client-sessions/client-sessions.ts'
import type { ClientMetadata } from '../../clients/client.ts'
import type { Message, NewMessage, SendResult } from '../../outbox/message.ts'
import { readEverybodyNotice, toLogoutMessage } from './logout-message.ts'

export type TellEverybodyDeps = {
  readonly sessions: Pick<ClientSessions, 'endSome'>
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>
  readonly enqueue: (messages: readonly NewMessage[], transaction: Knex.Transaction) => Promise<void>
  readonly inTransaction: <T>(work: (transaction: Knex.Transaction) => Promise<T>) => Promise<T>
}

const AT_ONCE = 500
/** Shorter than an attempt may take. */
const LONGEST_MS = 5000

/** Makes a message of every sign-in that an ending of everybody ended, a part at a time: what a crash leaves over is made by the next attempt. */
export function createTellEverybody({ sessions, findClient, enqueue, inTransaction }: TellEverybodyDeps) {
  async function tellSome(ended: { readonly seq: number; readonly untilMs: number }): Promise<number> {
    return inTransaction(async (transaction) => {
      const some = await sessions.endSome({ ...ended, limit: AT_ONCE }, transaction)
      const messages = await Promise.all(
        some.map(async ({ accountId, clientId }: ClientSession) =>
          toLogoutMessage({ accountId, clientId }, await findClient(clientId)),
        ),
      )
      await enqueue(
        messages.filter((message) => message !== undefined),
        transaction,
      )
      return some.length
    })
  }

  return async function tellEverybody({ payload }: Pick<Message, 'payload'>): Promise<SendResult> {
    const ended = readEverybodyNotice(payload)
    if (!ended) return { refused: 'the message has another form than this release writes' }
    const deadlineMs = Date.now() + LONGEST_MS
    while ((await tellSome(ended)) === AT_ONCE) {
      if (Date.now() > deadlineMs) return { retry: 'there are more people to tell of' }
    }
    return 'delivered'
  }
}
