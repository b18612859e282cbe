import type { Customer } from '../customer.ts'
import type { PasswordRefusal } from '../recovery/recovery-password-change.ts'

/** Why something cannot be done here at all. Each dialect says it in its shop's words. */
export type Unavailable = {
  readonly outcome: 'unavailable'
  readonly why: /** SHOP_DIRECTORY_URL: the shop has the passwords, and its own endpoints set them. */
    | 'shop-keeps-customers'
    /** REGISTRATION is closed. */
    | 'registration-closed'
    /** No mail can be sent. */
    | 'no-mail'
}

/** Too much to do now, or too much asked for from one place. */
export type Later = { readonly outcome: 'busy' | 'too-many'; readonly retryAfterSeconds: number }

/** The one password policy refused it. */
export type WeakPassword = { readonly outcome: 'weak-password'; readonly reason: PasswordRefusal }

/** What somebody registers with; the names are checked where they are given. */
export type NewAccount = {
  readonly email: string
  readonly password: string
  readonly givenName?: string | undefined
  readonly familyName?: string | undefined
  /** As `de_DE`. */
  readonly locale?: string | undefined
  /** Whether agents may act for them; no, unless given. */
  readonly allowsSupport?: boolean | undefined
}

export type AccountMember = 'email' | 'givenName' | 'familyName' | 'locale'

/** The account as it is told to who registered it. */
export type Account = Pick<
  Customer,
  'id' | 'idCustomer' | 'customerReference' | 'email' | 'givenName' | 'familyName' | 'locale' | 'allowsSupport'
>

export type Registered =
  /** There is a customer now, who may sign in. Only with REGISTRATION_CONFIRMATION=none. */
  | { readonly outcome: 'registered'; readonly account: Account }
  /**
   * A letter is on its way to the address, and the customer comes to be when it is confirmed, with the ids that are told here.
   * The answer is the same for an address that has an account already: its owner gets another letter, and the ids are never used.
   */
  | { readonly outcome: 'unconfirmed'; readonly account: Account }
  /** Another customer has the address. Only with REGISTRATION_CONFIRMATION=none. */
  | { readonly outcome: 'taken' }
  | { readonly outcome: 'invalid'; readonly members: readonly AccountMember[] }
  | WeakPassword
  | Later
  | Unavailable

export type PasswordChanged =
  /** Everything that was granted to the customer until now ended, the caller's own token too. */
  | { readonly outcome: 'changed' }
  | { readonly outcome: 'wrong-password' }
  | { readonly outcome: 'locked'; readonly retryAfterSeconds: number }
  | WeakPassword
  | Later
  | Unavailable

/** Whether a login and its password are right. It does not sign in. */
export type PasswordChecked =
  | { readonly outcome: 'right'; readonly customer: Customer }
  /** Wrong, of an unknown login, of a customer who is blocked, or of one whose address is not confirmed. */
  | { readonly outcome: 'wrong-password' }
  | { readonly outcome: 'locked' | 'busy'; readonly retryAfterSeconds: number }

/** The password was set without the current one. */
export type PasswordSet =
  | { readonly outcome: 'changed' }
  | { readonly outcome: 'unknown' }
  | WeakPassword
  | Later
  | Unavailable

/** The same whether or not there is such a customer. */
export type LetterRequested = { readonly outcome: 'requested' } | Later | Unavailable

export type PasswordReset =
  | { readonly outcome: 'changed'; readonly customer: Customer }
  /** Used, expired, replaced by a newer one, of another account, or never ours. */
  | { readonly outcome: 'invalid-key' }
  | WeakPassword
  | Later
  | Unavailable

export type EmailChanged =
  /**
   * A letter is on its way to the new address, and who follows it makes the change. The same for an address that another customer
   * has: its owner gets another letter.
   */
  | { readonly outcome: 'announced' }
  | { readonly outcome: 'invalid'; readonly members: readonly AccountMember[] }
  | { readonly outcome: 'wrong-password' }
  | { readonly outcome: 'locked'; readonly retryAfterSeconds: number }
  | Later
  | Unavailable

export type ProfileChanged =
  | { readonly outcome: 'changed'; readonly customer: Customer }
  | { readonly outcome: 'invalid'; readonly members: readonly AccountMember[] }
  | { readonly outcome: 'unknown' }
  | Unavailable

export type ErasedSelf = { readonly outcome: 'erased' } | { readonly outcome: 'unknown' } | Unavailable

/** The answer to what cannot be done here. */
export function unavailable(why: Unavailable['why']): Unavailable {
  return { outcome: 'unavailable', why }
}
