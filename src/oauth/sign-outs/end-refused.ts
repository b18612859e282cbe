import type { AccountRefusal, ActingAs, EndRefused } from '../accounts/account.ts'
import { type EndSignIn, everythingOf } from './end-sign-in.ts'

/**
 * How long an answer about a person may be remembered anywhere: the cache of the shop's directory and that of
 * introspection. A sign-in that is younger may be refused by what was true before it.
 */
const REMEMBERED_MS = 60_000

/**
 * Ends for good what was granted to a person who is found not to be allowed to act. Where a change is made here it ends
 * sign-ins itself; but the shop's own directory says only what is true when it is asked.
 */
export function createEndRefused(endSignIn: EndSignIn, now: () => number = Date.now): EndRefused {
  return async function endRefused(refusal, accountId, as) {
    const untilMs = now() - REMEMBERED_MS
    if (as.grantedAtMs === undefined || as.grantedAtMs > untilMs) return
    const what = whatEnds(refusal, accountId, as)
    if (what) await endSignIn({ what: { ...what, untilMs }, why: 'found-refused' })
  }
}

function whatEnds(refusal: AccountRefusal, accountId: string, { companyUserId, actingAgentId }: ActingAs) {
  switch (refusal) {
    case 'account-gone':
    case 'account-blocked':
      return everythingOf(accountId)
    case 'company-user-inactive':
      return companyUserId === undefined ? undefined : ({ of: 'company-user', id: companyUserId } as const)
    case 'agent-gone':
      return actingAgentId === undefined ? everythingOf(accountId) : ({ of: 'agent', id: actingAgentId } as const)
    case 'agent-signed-out':
    case 'support-not-allowed':
      return undefined
  }
}
