/** Why a request is refused. Stable: switch on it. */
export type RefusalCode =
  | 'missing_token'
  | 'invalid_request'
  | 'invalid_token'
  | 'insufficient_scope'
  | 'insufficient_permission'
  | 'company_user_required'
  | 'customer_required'
  | 'insufficient_user_authentication'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce'
  | 'temporarily_unavailable'

export type RefusalDetails = {
  /** For the log, never for the caller: what was wrong, and not the token. */
  readonly reason: string
  /** The scopes that the operation needs, separated by blanks. */
  readonly scope?: string
  /** What is missing of `acr_values` and `max_age` (RFC 9470 §3). */
  readonly stepUp?: { readonly acrValues?: string; readonly maxAgeSeconds?: number }
  /** A nonce for the next proof (RFC 9449 §9). */
  readonly dpopNonce?: string
  readonly retryAfterSeconds?: number
  /** The page where a buyer begins: the setting `continueUrl`. */
  readonly continueUrl?: string
}

const STATUS: Readonly<Record<RefusalCode, number>> = {
  missing_token: 401,
  invalid_request: 400,
  invalid_token: 401,
  insufficient_scope: 403,
  insufficient_permission: 403,
  company_user_required: 403,
  customer_required: 403,
  insufficient_user_authentication: 401,
  invalid_dpop_proof: 401,
  use_dpop_nonce: 401,
  temporarily_unavailable: 503,
}

/**
 * A request that is refused. `temporarily_unavailable` (503) is trouble of the service and says nothing of the token:
 * a client that gets it must not sign the person out.
 */
export class AccessRefused extends Error {
  readonly code: RefusalCode
  readonly status: number
  readonly details: RefusalDetails

  constructor(code: RefusalCode, details: RefusalDetails) {
    super(`${code}: ${details.reason}`)
    this.name = 'AccessRefused'
    this.code = code
    this.status = STATUS[code]
    this.details = details
  }
}

/** The refusal of a token that is bad in any way (RFC 6750 §3.1). */
export function invalidToken(reason: string): AccessRefused {
  return new AccessRefused('invalid_token', { reason })
}

/** The refusal because of trouble of ours. */
export function unavailable(reason: string): AccessRefused {
  return new AccessRefused('temporarily_unavailable', { reason, retryAfterSeconds: 5 })
}
