import type { EndTakenAway } from '../../customers/taken-away.ts'
import type { EndSignIn } from './end-sign-in.ts'

/** Of a big company, so that they stand in no long line for storage. */
const AT_ONCE = 100

/**
 * Ends everything that was granted to customers and company users who may no longer act: who gets the right back signs in
 * anew.
 */
export function createEndTakenAway(endSignIn: EndSignIn): EndTakenAway {
  return async function endTakenAway({ customers, companyUsers }, by) {
    const endings = [
      ...customers.map((id) => ({ what: { of: 'customer', id }, why: 'blocked', by }) as const),
      ...companyUsers.map((id) => ({ what: { of: 'company-user', id }, why: 'company-user-inactive', by }) as const),
    ]
    for (let start = 0; start < endings.length; start += AT_ONCE)
      await Promise.all(endings.slice(start, start + AT_ONCE).map(endSignIn))
  }
}
