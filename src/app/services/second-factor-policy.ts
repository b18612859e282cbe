import type { Config } from '../../config.ts'
import type { CustomerFactors } from '../../customers/second-factor/customer-factors.ts'
import { stillNeeds } from '../../customers/second-factor/factor-need.ts'
import { createRememberedBrowser } from '../../interaction/second-factor/remembered-cookie.ts'
import { PHISHING_RESISTANT, SECOND_FACTOR, SIGNED_IN } from '../../oauth/accounts/acr.ts'
import type { SecondFactorPolicy } from '../../oauth/browser/step-up.ts'

/** What the protocol engine asks about sessions: the same rules as after a password, and the same remembered browsers. */
export function createSecondFactorPolicy(
  config: Config,
  factors: CustomerFactors,
  hasPasskey: (customerId: string) => Promise<boolean>,
): SecondFactorPolicy {
  return {
    async strongest({ customer, clientId }) {
      if (await hasPasskey(customer.id)) return PHISHING_RESISTANT
      const need = await factors.needOf(customer, clientId)
      return need === 'code' || need === 'set-up' ? SECOND_FACTOR : SIGNED_IN
    },
    owes: createOwesFactor(config, factors),
  }
}

/** Whether a session lacks a second factor that is asked for at a client. */
export function createOwesFactor(
  { ISSUER: issuer, SECOND_FACTOR_REMEMBER_DAYS: days }: Config,
  factors: CustomerFactors,
): SecondFactorPolicy['owes'] {
  const browser = createRememberedBrowser({ factors, issuer, days })
  return async function owesFactor({ customer, clientId, amr }, ctx) {
    // A session with two factors needs no look at what its person has.
    if (amr.includes('mfa')) return false
    const need = await factors.needOf(customer, clientId)
    if (!stillNeeds(need, amr, factors.rules)) return false
    return need === 'set-up' || !(await browser.isRemembered(ctx, customer.id))
  }
}
