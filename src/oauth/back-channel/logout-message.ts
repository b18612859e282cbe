import { z } from 'zod'
import type { ClientSession } from '../../client-sessions/client-sessions.ts'
import type { ClientMetadata } from '../../clients/client.ts'

/** The kind of these messages in the outbox. */
export const BACK_CHANNEL_LOGOUT = 'back-channel-logout'

/** The kind of the one message that stands for those of everybody, until it is their turn. */
export const EVERYBODY_LOGOUT = 'back-channel-logout-everybody'

const everybody = z.object({ seq: z.int(), untilMs: z.number() })
const payload = z.object({ accountId: z.string(), sid: z.string().optional() })

/** What a client is told: that one session of a person ended, or where no session is named, all of them. */
export type LogoutNotice = z.output<typeof payload>

/**
 * The message for one client. It names the session where the client wants that. Notices about one person stay in order, and one that
 * still waits makes another with the same words needless. Undefined for a client that has no address.
 */
export function toLogoutMessage(
  { clientId, accountId, sid: known }: ClientSession,
  client: ClientMetadata | undefined,
) {
  if (client?.backchannel_logout_uri === undefined) return undefined
  const sid = client.backchannel_logout_session_required === true ? known : undefined
  return {
    kind: BACK_CHANNEL_LOGOUT,
    receiver: clientId,
    orderKey: accountId,
    collapseKey: `${accountId} ${sid ?? ''}`,
    payload: { accountId, ...(sid !== undefined && { sid }) } satisfies LogoutNotice,
  }
}

/** The place of an ending of everybody in the log, and until when (epoch milliseconds) it ended what was granted. */
export type EverybodyNotice = z.output<typeof everybody>

export function toEverybodyMessage(notice: EverybodyNotice) {
  return { kind: EVERYBODY_LOGOUT, receiver: 'every client', payload: notice }
}

export function readEverybodyNotice(value: unknown): EverybodyNotice | undefined {
  return everybody.safeParse(value).data
}

/** Undefined for a payload that no release of ours wrote. */
export function readLogoutNotice(value: unknown): LogoutNotice | undefined {
  return payload.safeParse(value).data
}
