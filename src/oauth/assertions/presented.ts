import type { Customer } from '../../customers/customer.ts'
import type { Assertion } from '../../issuers/assertion.ts'

/** A person whose assertion is in order, and who they are here. */
export type Presented = {
  readonly assertion: Assertion
  /** Undefined where they have no account yet. */
  readonly customer: Customer | undefined
  /** Epoch milliseconds, from before the person was looked up. */
  readonly provedAtMs: number
}
