import type { AccessRefused, RefusalCode } from '../refused.ts'

/** A refusal as it goes to the client. */
export type Answer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What a style decides; challenge, Retry-After and Cache-Control are added to it. */
export type StyledRefusal = { readonly status: number; readonly contentType?: string; readonly body: string }

export type ErrorStyle = (refused: AccessRefused) => StyledRefusal
export type ErrorStyleName = 'rfc6750' | 'problem' | 'spryker' | 'magento' | 'ucp'

/** Words that say what to do and nothing about the token. */
const TITLES: Readonly<Record<RefusalCode, string>> = {
  missing_token: 'An access token is needed',
  invalid_request: 'The request cannot be read',
  invalid_token: 'The access token is not valid',
  insufficient_scope: 'The access token lacks a scope',
  insufficient_permission: 'You may not do this',
  company_user_required: 'You must act for a company',
  customer_required: 'You must be signed in as a customer',
  insufficient_user_authentication: 'You must sign in again',
  invalid_dpop_proof: 'The DPoP proof is not valid',
  use_dpop_nonce: 'The DPoP proof needs a nonce',
  temporarily_unavailable: 'The access token cannot be checked now',
}

/** How refusals are written, by name. */
export const STYLES: Readonly<Record<ErrorStyleName, ErrorStyle>> = {
  /** RFC 6750: the code as the challenge has it. */
  rfc6750({ status, code }) {
    return code === 'missing_token' ? { status, body: '' } : json(status, { error: code })
  },

  /** Problem details (RFC 9457). */
  problem({ status, code }) {
    const problem = { type: 'about:blank', title: TITLES[code], status, code }
    return json(status, problem, 'application/problem+json')
  },

  /** Spryker Glue: without a token 403/002, with a bad one 401/001, and its words for what may not be done. */
  spryker({ status, code }) {
    const [sprykerStatus, sprykerCode, detail] = SPRYKER[code] ?? [status, String(status), TITLES[code]]
    const errors = [{ status: sprykerStatus, code: sprykerCode, detail }]
    return json(sprykerStatus, { errors }, 'application/vnd.api+json')
  },

  /** Magento's REST API: 401 and one sentence for all that is not allowed. */
  magento({ status, code, details }) {
    if (code === 'invalid_request') return json(400, { message: 'Decoding error.' })
    if (code === 'temporarily_unavailable') return json(status, { message: 'Service Temporarily Unavailable' })
    const message = "The consumer isn't authorized to access %resources."
    const resources = (code === 'insufficient_scope' && details.scope) || 'self'
    return json(401, { message, parameters: { resources } })
  },

  /** The Universal Commerce Protocol: a message that tells the agent whether its buyer must link an account, or allow more. */
  ucp({ status, code, details }) {
    const [told, severity] = UCP[code] ?? [code, 'unrecoverable']
    const messages = [{ type: 'error', code: told, severity, content: TITLES[code] }]
    return json(status, { messages, ...(details.continueUrl !== undefined && { continue_url: details.continueUrl }) })
  },
}

const LINK: readonly [string, string] = ['identity_required', 'requires_buyer_review']
const UCP: Partial<Record<RefusalCode, readonly [code: string, severity: string]>> = {
  missing_token: LINK,
  invalid_token: LINK,
  invalid_dpop_proof: LINK,
  use_dpop_nonce: LINK,
  insufficient_user_authentication: ['insufficient_scope', 'requires_buyer_review'],
  insufficient_scope: ['insufficient_scope', 'requires_buyer_review'],
  temporarily_unavailable: ['temporarily_unavailable', 'recoverable'],
}

const INVALID: readonly [number, string, string] = [401, '001', 'Invalid access token.']
const UNAUTHORIZED: readonly [number, string, string] = [403, '802', 'Unauthorized request.']
const SPRYKER: Partial<Record<RefusalCode, readonly [status: number, code: string, detail: string]>> = {
  missing_token: [403, '002', 'Missing access token.'],
  invalid_request: INVALID,
  invalid_token: INVALID,
  invalid_dpop_proof: INVALID,
  use_dpop_nonce: INVALID,
  insufficient_user_authentication: INVALID,
  insufficient_scope: UNAUTHORIZED,
  insufficient_permission: UNAUTHORIZED,
  customer_required: UNAUTHORIZED,
  company_user_required: [
    403,
    '1403',
    'Current company user is not set. You need to select the current company user with /company-user-access-tokens in order to access the resource collection.',
  ],
}

function json(status: number, value: object, contentType = 'application/json'): StyledRefusal {
  return { status, contentType, body: JSON.stringify(value) }
}
