/** Why an endpoint cannot answer: something of ours broke (500), or is away or busy (503), or the shop's customer service is away (503). */
export type Outage = {
  readonly status: number
  /** The shop's own service, which knows the customers, does not answer or answers nonsense. */
  readonly isCustomerServiceAway?: true
  readonly retryAfterSeconds?: number
}

/** An outage that passes in one sentence, for a dialect's own envelope; undefined where something broke. */
export function describeOutage({ status, isCustomerServiceAway }: Outage): string | undefined {
  if (isCustomerServiceAway) return 'The customer service does not answer. Please try again shortly.'
  return status === 503 ? 'The service is busy. Please try again shortly.' : undefined
}

/** Says when to come again (RFC 9110 §10.2.3), where that is known. */
export function retryAfter({
  retryAfterSeconds,
}: {
  readonly retryAfterSeconds?: number | undefined
}): Record<string, string> {
  return retryAfterSeconds === undefined ? {} : { 'Retry-After': String(Math.ceil(retryAfterSeconds)) }
}
