import { randomUUID } from 'node:crypto'
import type { Client, Provider } from 'oidc-provider'
import type { LogoutNotice } from './logout-message.ts'

/** The member of `events` that makes a JWT a logout token: http, as the standard has it (Back-Channel Logout 1.0 §2.4). */
const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout'

/**
 * A new logout token for a client (Back-Channel Logout 1.0 §2.4), signed and encrypted as its ID tokens are, with the subject as
 * these say it. It ends after two minutes, so that each attempt to send it needs a new one.
 */
export async function makeLogoutToken(provider: Provider, client: Client, notice: LogoutNotice): Promise<string> {
  const { IdToken } = provider as unknown as WithIdToken // the published type leaves the model out
  const token = new IdToken({ sub: notice.accountId }, { client, ctx: undefined })
  token.mask = { sub: null }
  token.set('events', { [LOGOUT_EVENT]: {} })
  token.set('jti', randomUUID())
  if (client.backchannelLogoutSessionRequired === true && notice.sid !== undefined) token.set('sid', notice.sid)
  return token.issue({ use: 'logout' })
}

/** The library's model of ID tokens, as far as its own sender uses it (lib/models/client.js). */
type WithIdToken = {
  readonly IdToken: new (
    available: object,
    about: { readonly client: Client; readonly ctx: undefined },
  ) => {
    mask: object
    set(name: string, value: unknown): void
    issue(options: { readonly use: 'logout' }): Promise<string>
  }
}
