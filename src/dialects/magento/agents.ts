import type { Customer } from '../../customers/customer.ts'
import type { IssuedTokens, OAuthFailure } from '../dialect.ts'
import type { DialectServices } from '../services.ts'
import type { Shown } from './callers.ts'
import { ask } from './shop.ts'

/** Said where an agent gives no reason. */
export const DEFAULT_REASON = 'Login as Customer'
/** The shop asks for this consent, and does not say what it answers without. */
export const NO_CONSENT = 'The customer has not allowed remote shopping assistance.'
export const NO_TOKEN = 'Unable to generate tokens. Please wait and try again later.'

export type ActingTokens =
  | { readonly outcome: 'issued'; readonly tokens: IssuedTokens; readonly customer: Customer }
  | { readonly outcome: 'unknown' }
  | { readonly outcome: 'no-consent' }
  | { readonly outcome: 'refused'; readonly failure: OAuthFailure }

type Named = { readonly email: string } | { readonly idCustomer: number }

/** A token by which an agent acts for a customer, who must have allowed it. The rules of acting for somebody are the grant's. */
export async function actForCustomer(
  { caller, bearer }: Shown,
  { ownAccount, issue }: Pick<DialectServices, 'ownAccount' | 'issue'>,
  { named, reason = DEFAULT_REASON }: { readonly named: Named; readonly reason?: string },
): Promise<ActingTokens> {
  const customer = await ownAccount.findNamed(caller, named)
  if (!customer || 'outcome' in customer || customer.status !== 'active') return { outcome: 'unknown' }
  if (!customer.allowsSupport) return { outcome: 'no-consent' }
  const { customerReference } = customer
  const issued = await issue(ask.forCustomer({ token: bearer, clientId: caller.clientId, customerReference, reason }))
  return issued.outcome === 'issued' ? { ...issued, customer } : issued
}

/** What an agent is told of a refusal: the rules of acting for somebody are no secret to them. */
export function actingRefusal({ error, description }: OAuthFailure): string {
  const isTold = error === 'access_denied' || error === 'authorization_pending' || error === 'invalid_request'
  return (isTold && description) || NO_TOKEN
}
