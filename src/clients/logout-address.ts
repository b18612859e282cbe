import { z } from 'zod'

const LONGEST = 2000

/** Where a client is told that a sign-in has ended (Back-Channel Logout 1.0 §2.2): absolute, without a fragment. */
export const logoutAddress = z
  .url({ protocol: /^https?$/ })
  .max(LONGEST)
  .refine((text) => !text.includes('#'), 'must have no fragment')
  .refine((text) => !hasCredentials(text), 'must have no user name and no password')

type LogoutMembers = {
  readonly backchannel_logout_uri?: string | undefined
  readonly backchannel_logout_session_required?: boolean | undefined
}

/** Why the address is not one for this client; undefined where it is. Plain http is for confidential clients (§2.2). */
export function logoutAddressFault(
  { backchannel_logout_uri: uri, backchannel_logout_session_required: isSidRequired }: LogoutMembers,
  isPublic: boolean,
): string | undefined {
  if (uri === undefined)
    return isSidRequired === true ? 'is missing: backchannel_logout_session_required needs it' : undefined
  if (isPublic && URL.parse(uri)?.protocol === 'http:')
    return 'must be https: http is for clients with a secret or a key'
  return undefined
}

function hasCredentials(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && (url.username !== '' || url.password !== '')
}
