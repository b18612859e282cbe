import type { Customer } from '../../customers/customer.ts'
import type { Assertion } from '../../issuers/assertion.ts'

/**
 * Whether the customer has taken back what the client had, and neither connected the person again nor allowed the client anything since:
 * then no assertion brings it back.
 */
export type IsWithdrawn = (
  found: { readonly customer: Customer; readonly linkedAtMs: number },
  clientId: string,
) => Promise<boolean>

/** A person whose assertion is in order, and who they are here. */
export type Presented = {
  readonly assertion: Assertion
  /** Undefined where they have no account yet. */
  readonly customer: Customer | undefined
  /** Epoch milliseconds: when the owner of the account connected the person. */
  readonly linkedAtMs?: number
  /** Epoch milliseconds, from before the person was looked up. */
  readonly provedAtMs: number
}
