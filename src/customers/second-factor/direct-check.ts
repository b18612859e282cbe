import type { SignInContext } from '../../credentials/password-check.ts'
import { typedCode } from '../../credentials/typed-code.ts'
import type { Customer } from '../customer.ts'
import type { CustomerFactors } from './customer-factors.ts'

/** What becomes of a customer whose password, or code by mail, was right. */
export type FactorStep =
  /** `hasSecondFactor`: a code was asked for, and was right. */
  | { readonly outcome: 'authenticated'; readonly hasSecondFactor?: true }
  /** `need`: a code must come as well, or a factor has to be set up on our pages. */
  | { readonly outcome: 'second-factor-required'; readonly need: 'code' | 'mail' | 'set-up' }
  | { readonly outcome: 'refused'; readonly reason: 'wrong-code' }
  | { readonly outcome: 'locked'; readonly retryAfterSeconds: number }

export type CheckFactor = (customer: Customer, context: SignInContext) => Promise<FactorStep>

const SIX_DIGITS = /^\d{6}$/

/** What a code is, where one field takes both: apps show six digits, and no recovery code looks like that. */
export function factorOfCode(code: string): 'app' | 'recovery' {
  return SIX_DIGITS.test(typedCode(code)) ? 'app' : 'recovery'
}

/**
 * The step after the right password at every endpoint. Our own pages ask for the code afterwards (`asksForCodeLater`); all others get it
 * with the password, or refuse, unless the client leaves second factors out.
 */
export function createCheckFactor(factors: Pick<CustomerFactors, 'needOf' | 'isIgnoredBy' | 'redeem'>): CheckFactor {
  return async function checkFactor(customer, { clientId, code, ip, asksForCodeLater }) {
    const need = await factors.needOf(customer, clientId)
    if (need === 'none') return { outcome: 'authenticated' }
    if (asksForCodeLater) return { outcome: 'second-factor-required', need }
    if (code === undefined || need !== 'code') {
      const isIgnored = await factors.isIgnoredBy(clientId)
      return isIgnored ? { outcome: 'authenticated' } : { outcome: 'second-factor-required', need }
    }
    const redeemed = await factors.redeem({ customer, factor: factorOfCode(code), code, ip })
    if (redeemed.outcome === 'right') return { outcome: 'authenticated', hasSecondFactor: true }
    return redeemed.outcome === 'locked' ? redeemed : { outcome: 'refused', reason: 'wrong-code' }
  }
}
