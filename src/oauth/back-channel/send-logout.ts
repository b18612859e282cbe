import type { Provider } from 'oidc-provider'
import { type Answers, postOnce, resultOf } from '../../outbox/http-result.ts'
import type { Message, SendResult } from '../../outbox/message.ts'
import type { GuardedFetch } from '../../outgoing/guarded-fetch.ts'
import { readLogoutNotice } from './logout-message.ts'
import { makeLogoutToken } from './logout-token.ts'

export type SendLogoutDeps = {
  /** The provider in use now: its keys sign. */
  readonly provider: () => Provider
  readonly fetch: GuardedFetch
}

/**
 * Only 200 takes the notice, and 204, into which some frameworks turn an empty 200 (§2.8). Of the statuses below 500, these may be others
 * a moment later (RFC 9110 §15.5.9, RFC 6585 §4).
 */
const ANSWERS: Answers = { isTaken: (status) => status === 200 || status === 204, later: [408, 429] }

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
    const request = {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ logout_token: token }).toString(),
    }
    return postOnce(fetch, address, request, (answer) => resultOf(answer, ANSWERS))
  }
}
