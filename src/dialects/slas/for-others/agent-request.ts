import type { Fields } from '../request.ts'

/** The shop's own texts write it both ways. */
export function isGuest({ login_id: login = '' }: Fields): boolean {
  return login.toLowerCase() === 'guest'
}

/** What the agent signed in for: the token request must ask for the same. */
export function boundTo({ login_id = '', idp_origin = '', channel_id = '', state = '' }: Fields) {
  return { login_id: login_id.toLowerCase(), idp_origin, channel: channel_id, state }
}
