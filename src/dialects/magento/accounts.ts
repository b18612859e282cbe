import type { OwnProfile } from '../../customers/self-service/self-service.ts'
import type { Account } from '../own-account.ts'
import type { DialectServices } from '../services.ts'
import {
  ALREADY_ACTIVE,
  INVALID_KEY,
  INVALID_RESET_TOKEN,
  invalidMember,
  LOCKED,
  type Refused,
  refusalOf,
  TAKEN,
  WRONG_PASSWORD,
} from './account-messages.ts'
import type { ShownCustomer } from './callers.ts'
import { type ErrorMessage, notAuthorized } from './messages.ts'
import type { Shop } from './shop.ts'

/** What came of something a customer asked for, before either API says it. */
export type Done<T> = { readonly done: T } | { readonly refused: Refused }

export type Registration = {
  readonly email: string
  readonly password: string
  readonly givenName: string
  readonly familyName: string
  readonly allowsSupport?: boolean | undefined
}

export type Accounts = ReturnType<typeof createAccounts>

/** What customers do to their own accounts, with the shop's refusals: the same for the web API and for GraphQL. */
export function createAccounts({ ownAccount }: Pick<DialectServices, 'ownAccount'>, shop: Shop) {
  const common = (outcome: Parameters<typeof refusalOf>[0]) => ({ refused: refusalOf(outcome, shop) })
  return {
    async register(form: Registration): Promise<Done<Account>> {
      const registered = await ownAccount.register(form)
      switch (registered.outcome) {
        case 'registered':
        case 'unconfirmed':
          return { done: registered.account }
        case 'taken':
          return refused(400, TAKEN)
        case 'invalid':
          return refused(400, invalidMember(registered.members))
        default:
          return common(registered)
      }
    },

    async isEmailAvailable(email: string): Promise<Done<boolean>> {
      const isFree = await ownAccount.isAddressFree(email)
      return typeof isFree === 'boolean' ? { done: isFree } : common(isFree)
    },

    async changePassword(
      shown: ShownCustomer | undefined,
      passwords: { readonly current: string; readonly next: string },
    ): Promise<Done<Account>> {
      if (!shown) return refused(401, notAuthorized('self'))
      const changed = await ownAccount.changePassword(shown.caller, passwords)
      switch (changed.outcome) {
        case 'changed':
          return { done: shown.customer }
        case 'wrong-password':
          return refused(401, WRONG_PASSWORD)
        case 'locked':
          return refused(401, LOCKED)
        default:
          return common(changed)
      }
    },

    /** True whoever it is. */
    async requestReset(email: string): Promise<Done<true>> {
      const requested = await ownAccount.requestPasswordReset(email)
      return requested.outcome === 'requested' ? { done: true } : common(requested)
    },

    async reset(given: { readonly email: string; readonly key: string; readonly password: string }) {
      const reset = await ownAccount.resetPassword(given)
      if (reset.outcome === 'changed') return { done: true } as const
      return reset.outcome === 'invalid-key' ? refused(400, INVALID_RESET_TOKEN) : common(reset)
    },

    /** By the key of a letter; `email` where the endpoint names the address. */
    async confirm({ key, email }: { readonly key: string; readonly email?: string }): Promise<Done<Account>> {
      const customer = await ownAccount.confirm(key, email)
      return customer ? { done: customer } : refused(400, INVALID_KEY)
    },

    /** By somebody who has a token already: an address that is not confirmed any more, or another one. */
    async activate({ customer }: ShownCustomer, key: string): Promise<Done<Account>> {
      const confirmed = await ownAccount.confirm(key)
      if (confirmed) return { done: confirmed }
      return refused(400, customer.emailVerified ? ALREADY_ACTIVE : INVALID_KEY)
    },

    /** True whoever it is. */
    async resendConfirmation(email: string): Promise<Done<true>> {
      const requested = await ownAccount.requestConfirmation(email)
      return requested.outcome === 'requested' ? { done: true } : common(requested)
    },

    /** The customer as they are now: a new address is first confirmed. */
    async changeEmail(
      shown: ShownCustomer | undefined,
      next: { readonly email: string; readonly password: string },
    ): Promise<Done<Account>> {
      if (!shown) return refused(401, notAuthorized('self'))
      const changed = await ownAccount.changeEmail(shown.caller, next)
      switch (changed.outcome) {
        case 'announced':
          return { done: shown.customer }
        case 'invalid':
          return refused(400, invalidMember(changed.members))
        case 'wrong-password':
          return refused(401, WRONG_PASSWORD)
        case 'locked':
          return refused(401, LOCKED)
        default:
          return common(changed)
      }
    },

    async changeProfile(shown: ShownCustomer | undefined, profile: OwnProfile): Promise<Done<Account>> {
      if (!shown) return refused(401, notAuthorized('self'))
      const changed = await ownAccount.changeProfile(shown.caller, profile)
      if (changed.outcome === 'changed') return { done: changed.customer }
      return changed.outcome === 'invalid' ? refused(400, invalidMember(changed.members)) : common(changed)
    },

    async erase(shown: ShownCustomer | undefined): Promise<Done<true>> {
      if (!shown) return refused(401, notAuthorized('self'))
      const erased = await ownAccount.erase(shown.caller)
      return erased.outcome === 'erased' ? { done: true } : common(erased)
    },
  }
}

function refused(status: Refused['status'], error: ErrorMessage): { readonly refused: Refused } {
  return { refused: { status, error } }
}
