import type { Customer } from '../../customers/customer.ts'
import type { DialectRequest } from '../dialect.ts'
import type { DialectServices } from '../services.ts'
import { readBearer } from './bearer.ts'

/** The customer who holds the request's bearer, where that is a token of this dialect and no agent acts for them. */
export async function findCustomer(
  { headers }: DialectRequest,
  services: Pick<DialectServices, 'findCaller'>,
  audience: string,
): Promise<Customer | undefined> {
  const bearer = readBearer(headers.authorization)
  if (bearer === undefined) return undefined
  const caller = await services.findCaller(bearer, (token) => token.audience === audience)
  return caller?.actingAgentId === undefined ? caller?.customer : undefined
}

/** A customer as `customers/me` shows them: what a storefront greets by and what it needs to ask on. */
export function customerView({ idCustomer, email, givenName, familyName }: Customer): Record<string, unknown> {
  return {
    id: idCustomer,
    group_id: 1,
    email,
    firstname: givenName ?? '',
    lastname: familyName ?? '',
    store_id: 1,
    website_id: 1,
    addresses: [],
    disable_auto_group_change: 0,
  }
}
