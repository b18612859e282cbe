import { type ClientSessions, createClientSessions } from '../../client-sessions/client-sessions.ts'
import { toLogoutMessage } from '../../oauth/back-channel/logout-message.ts'
import type { QueueLogout } from '../../oauth/back-channel/queue-logouts.ts'
import type { Backends } from '../backends.ts'
import type { ClientServices } from './clients.ts'

/** Tells clients of sign-outs (OpenID Connect Back-Channel Logout 1.0). */
export type BackChannelServices = {
  readonly sessions: ClientSessions
  readonly queueLogout: QueueLogout
}

export function createBackChannelServices(
  { database: { knex } }: Pick<Backends, 'database'>,
  { findClient }: Pick<ClientServices, 'findClient'>,
): BackChannelServices {
  const sessions = createClientSessions(knex)
  return {
    sessions,
    async queueLogout(ended) {
      const message = toLogoutMessage(ended, await findClient(ended.clientId))
      if (!message) return
      await knex.transaction(async (transaction) => {
        await sessions.forget(ended, transaction)
      })
    },
  }
}
