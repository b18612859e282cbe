import { type ClientSessions, createClientSessions } from '../../client-sessions/client-sessions.ts'
import { createExpandLogout } from '../../oauth/back-channel/expand-ending.ts'
import { BACK_CHANNEL_LOGOUT, EVERYBODY_LOGOUT, toLogoutMessage } from '../../oauth/back-channel/logout-message.ts'
import type { QueueLogout } from '../../oauth/back-channel/queue-logouts.ts'
import { createSendLogout } from '../../oauth/back-channel/send-logout.ts'
import { createTellEverybody } from '../../oauth/back-channel/tell-everybody.ts'
import type { LiveProvider } from '../../oauth/engine/live-provider.ts'
import type { Backends } from '../backends.ts'
import type { ClientServices } from './clients.ts'

/** Tells clients of sign-outs (OpenID Connect Back-Channel Logout 1.0). */
export type BackChannelServices = {
  readonly queueLogout: QueueLogout
  readonly noteClientSession: ClientSessions['note']
  /** From now on notices are made of endings and sent; with the keys of the provider in use. */
  start(provider: LiveProvider['current']): Promise<void>
}

export function createBackChannelServices(
  {
    database: { knex },
    outbox,
    expanders,
    guardedFetch,
  }: Pick<Backends, 'database' | 'outbox' | 'expanders' | 'guardedFetch'>,
  { findClient, registry }: Pick<ClientServices, 'findClient' | 'registry'>,
): BackChannelServices {
  const sessions = createClientSessions(knex)
  return {
    noteClientSession: sessions.note,
    async queueLogout(ended) {
      const message = toLogoutMessage(ended, await findClient(ended.clientId))
      if (!message) return
      await knex.transaction(async (transaction) => {
        await sessions.forget(ended, transaction)
        await outbox.enqueue([message], transaction)
      })
    },
    async start(provider) {
      outbox.register(BACK_CHANNEL_LOGOUT, {
        send: createSendLogout({ provider, fetch: guardedFetch }),
        async isGone(clientId) {
          const client = await registry.find(clientId)
          return client?.isEnabled !== true || client.metadata.backchannel_logout_uri === undefined
        },
      })
      outbox.register(EVERYBODY_LOGOUT, {
        send: createTellEverybody({
          sessions,
          findClient,
          enqueue: outbox.enqueue,
          inTransaction: (work) => knex.transaction(work),
        }),
        isGone: async () => false,
      })
      await expanders.registerExpander(BACK_CHANNEL_LOGOUT, createExpandLogout({ sessions, findClient }))
    },
  }
}
