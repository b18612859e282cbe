import type { ClientSession, ClientSessions } from '../../client-sessions/client-sessions.ts'
import type { ClientMetadata } from '../../clients/client.ts'
import type { NewMessage } from '../../outbox/message.ts'
import type { LoggedEnding } from '../../sign-in-endings/ending-rows.ts'
import { toEverybodyMessage, toLogoutMessage } from './logout-message.ts'

export type ExpandLogoutDeps = {
  readonly sessions: Pick<ClientSessions, 'end' | 'ofBrowser'>
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>
}

/**
 * Which clients are told of an ending, and what: one message for each client and session, or for each client and person where
 * everything of the person ended. The same ending always gives the same messages.
 */
export function createExpandLogout({ sessions, findClient }: ExpandLogoutDeps) {
  return async function expandLogout(ending: LoggedEnding): Promise<NewMessage[]> {
    const { what, seq, cutOffMs, atMs } = ending
    // Everybody is too many for one transaction.
    if (what === 'everybody') return [toEverybodyMessage({ seq, untilMs: cutOffMs ?? atMs })]
    const messages = await Promise.all(
      (await toldOf(ending, sessions)).map(async (told) => toLogoutMessage(told, await findClient(told.clientId))),
    )
    const known = messages.filter((message) => message !== undefined)
    return [...new Map(known.map((message) => [`${message.receiver} ${message.collapseKey}`, message])).values()]
  }
}

async function toldOf(ending: LoggedEnding, sessions: ExpandLogoutDeps['sessions']): Promise<ClientSession[]> {
  const { what, seq, accountId, companyUserId } = ending
  const ended = { seq, untilMs: ending.cutOffMs ?? ending.atMs }
  switch (what) {
    case 'customer':
    case 'agent':
      return accountId === undefined ? [] : ofAccount(accountId, { ...ended, sessions, kept: ending.keptSessionUid })
    case 'company-user':
      return companyUserId === undefined
        ? []
        : (await sessions.end({ ...ended, of: 'company-user', companyUserId })).map(wholePerson)
    case 'grant':
      return ofGrant(ending, sessions)
    // Of a session the grants tell. A client that is switched off is not told, and a single token is no session.
    case 'session':
    case 'client':
    case 'everybody':
    case 'access-token':
      return []
  }
}

type OfAccount = {
  readonly seq: number
  readonly untilMs: number
  readonly sessions: ExpandLogoutDeps['sessions']
  /** The browser session that goes on: of the person who asked for the ending. */
  readonly kept: string | undefined
}

/** Where a browser goes on, each other session is named: a notice about the whole person would end that one as well. */
async function ofAccount(accountId: string, { sessions, kept, ...ended }: OfAccount): Promise<ClientSession[]> {
  const all = await sessions.end({ ...ended, of: 'account', accountId, exceptSessionUid: kept })
  if (kept === undefined) return all.map(wholePerson)
  const here = new Set((await sessions.ofBrowser(accountId, kept)).map(({ clientId }) => clientId))
  return all.filter(({ clientId, sid }) => sid !== undefined || !here.has(clientId))
}

/**
 * A grant that ended with its session, or by an operator. A browser's own sign-out tells the clients itself, of `offline_access` too;
 * and a token that a client gave back, or a consent that was withdrawn, ends no session (Back-Channel Logout 1.0 §2.7).
 */
async function ofGrant(ending: LoggedEnding, sessions: ExpandLogoutDeps['sessions']): Promise<ClientSession[]> {
  const { why, grantId, sessionId: sid, accountId, clientId, seq, atMs: untilMs } = ending
  if (why === 'sign-out') return []
  if (sid !== undefined && accountId !== undefined && clientId !== undefined)
    return sessions.end({ seq, untilMs, of: 'session', session: { accountId, clientId, sid } })
  if (why !== 'operator' || grantId === undefined) return []
  return (await sessions.end({ seq, untilMs, of: 'grant', grantId })).filter((ended) => ended.sid !== undefined)
}

function wholePerson({ accountId, clientId }: ClientSession): ClientSession {
  return { accountId, clientId }
}
