import { Unavailable } from '../../http/unavailable.ts'

/** What can go wrong with the shop's service. Names are labels of a metric: they stay, and there are few. */
export const SHOP_FAILURES = [
  'unreachable',
  'timeout',
  /** A status that is no answer to the question. */
  'status',
  'too-large',
  'not-json',
  'missing-member',
  'wrong-member',
  'unknown-member',
  'another-customer',
  /** Not called, because it failed several times in a row. */
  'left-alone',
] as const

export type ShopFailure = {
  readonly kind: (typeof SHOP_FAILURES)[number]
  readonly status?: number
  /** The member of the customer that is at fault: `companyUsers.0.id`. */
  readonly member?: string
  /** Of a connection: what the system calls it. */
  readonly reason?: string
}

/** A failure, and what was asked. */
export type ReportedFailure = ShopFailure & { readonly question: 'look-up' | 'sign-in' }

const SENTENCES: Readonly<Record<ShopFailure['kind'], (failure: ShopFailure) => string>> = {
  unreachable: ({ reason }) => `the shop service cannot be reached: ${reason}`,
  timeout: () => 'the shop service did not answer in time',
  status: ({ status }) => `the shop service answered ${status}`,
  'too-large': () => 'the shop service answered with too large a body',
  'not-json': () => 'the shop service answered with something that is not JSON',
  'missing-member': ({ member }) => `the shop service sent a customer without ${member}`,
  'wrong-member': ({ member }) => `the shop service sent a customer with a wrong ${member}`,
  'unknown-member': ({ member }) => `the shop service sent a customer with the unknown member ${member}`,
  'another-customer': ({ member }) => `the shop service answered with another customer than the one of the ${member}`,
  'left-alone': () => 'the shop service failed repeatedly and is not called for a while',
}

const RETRY_AFTER_SECONDS = 5

/** The shop's service does not answer, or answers nonsense; `retryAfterSeconds` says when to ask again. */
export class ShopServiceError extends Unavailable {
  override readonly error_description = 'the customer service does not answer, try again shortly'
  readonly failure: ShopFailure

  constructor(failure: ShopFailure, retryAfterSeconds = RETRY_AFTER_SECONDS) {
    super('shop service', SENTENCES[failure.kind](failure), retryAfterSeconds)
    this.failure = failure
  }
}

/** Whether the service is away, or breaks: one bad row is no reason to leave it alone, and asking again would not mend it. */
export function isOutage({ kind, status = 0 }: ShopFailure): boolean {
  return kind === 'unreachable' || kind === 'timeout' || (kind === 'status' && isErroring(status))
}

/** A status by which a service says that it cannot answer now. */
export function isErroring(status: number): boolean {
  return status >= 500 || status === 429
}
