import type { Customer } from './customer.ts'

/** A source that checks passwords itself, because it gives out no hashes. */
export type SignInElsewhere = (login: string, password: string) => Promise<SignInElsewhereOutcome>

export type SignInElsewhereOutcome =
  | { readonly outcome: 'match'; readonly customer: Customer; readonly generation?: number }
  | { readonly outcome: 'mismatch' }
  | { readonly outcome: 'unavailable'; readonly retryAfterSeconds: number; readonly isServiceAway?: true }
