import type { Provider } from 'oidc-provider'
import type { Message, SendResult } from '../../outbox/message.ts'
import { type GuardedFetch, OutgoingError } from '../../outgoing/guarded-fetch.ts'
import { messageOf } from '../../thrown.ts'
import { readLogoutNotice } from './logout-message.ts'
import { makeLogoutToken } from './logout-token.ts'

export type SendLogoutDeps = {
  /** The provider in use now: its keys sign. */
  readonly provider: () => Provider
  readonly fetch: GuardedFetch
}

/** What a receiver may answer that has taken the notice; some frameworks turn an empty 200 into 204 (§2.8). */
const TAKEN = [200, 204]
/** Statuses of below 500 that may be others a moment later (RFC 9110 §15.5.9, RFC 6585 §4). */
const PASSING = [408, 429]

/**
 * Tells a client of an ended sign-in (Back-Channel Logout 1.0 §2.5), with a token made for this attempt. What may have been a passing
 * failure is tried again; a redirect is not followed, and a client that says no is not asked again.
 */
export function createSendLogout({ provider, fetch }: SendLogoutDeps) {
  return async function sendLogout({ receiver, payload }: Pick<Message, 'receiver' | 'payload'>): Promise<SendResult> {
    const notice = readLogoutNotice(payload)
    if (!notice) return { refused: 'the message has another form than this release writes' }
    const live = provider()
    const client = await live.Client.find(receiver)
    const address = client?.backchannelLogoutUri
    if (!client || address === undefined) return { refused: 'the client has no backchannel_logout_uri' }
    const token = await makeLogoutToken(live, client, notice)
    try {
      const answer = await fetch(address, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ logout_token: token }).toString(),
      })
      return outcomeOf(answer)
    } catch (error) {
      if (error instanceof OutgoingError && error.reason === 'address-not-allowed') return { refused: error.message }
      return { retry: messageOf(error) }
    }
  }
}

function outcomeOf({ status, headers }: Response): SendResult {
  if (TAKEN.includes(status)) return 'delivered'
  const said = `the client answered ${status}`
  if (status < 500 && !PASSING.includes(status)) return { refused: said }
  const afterSeconds = secondsOf(headers.get('retry-after'))
  return { retry: said, ...(afterSeconds !== undefined && { afterSeconds }) }
}

/** Retry-After (RFC 9110 §10.2.3): seconds, or an instant; undefined for anything else. */
function secondsOf(value: string | null): number | undefined {
  if (value === null) return undefined
  if (/^\d{1,9}$/.test(value)) return Number(value)
  const atMs = Date.parse(value)
  return Number.isNaN(atMs) ? undefined : Math.max(0, Math.ceil((atMs - Date.now()) / 1000))
}
