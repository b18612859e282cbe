import type { DialectServices } from '../services.ts'
import { isSessionId, newSessionId } from './ids.ts'
import type { Fields } from './request.ts'
import type { Session } from './token.ts'

/**
 * The session that a request begins: under the name the client gives it, unless that is the name of somebody who signed in
 * and is not this account.
 */
export async function beginSession(
  { usid = '', channel_id = '', dnt }: Fields,
  services: DialectServices,
  { accountId, ...more }: Partial<Omit<Session, 'usid' | 'channel' | 'dnt'>> & { readonly accountId?: string } = {},
): Promise<Session> {
  const wanted = isSessionId(usid) ? usid : newSessionId()
  const name = (await services.mayName(wanted, accountId)) ? wanted : newSessionId()
  return { usid: name, channel: channel_id, dnt: dnt === 'true' ? '1' : '0', ...more }
}

/** What a request says anew of a session that goes on. */
export function saidIn({ channel_id = '', dnt }: Fields): Partial<Session> {
  return { channel: channel_id, ...((dnt === 'true' || dnt === 'false') && { dnt: dnt === 'true' ? '1' : '0' }) }
}
