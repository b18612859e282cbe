import type { Customer } from '../../customers/customer.ts'
import type { Caller } from '../../oauth/tokens/callers.ts'
import type { DialectAnswer, DialectRequest } from '../dialect.ts'
import type { ManagedAccounts } from '../managed-accounts.ts'
import type { AccountRecord } from '../own-account.ts'
import type { DialectServices } from '../services.ts'
import { badBearer, detailedError } from './errors.ts'
import type { SignIn } from './sign-in.ts'

export type CustomerEndpoint = {
  readonly signIn: SignIn
  /** The audience of customers' tokens. */
  readonly resource: string
  /** Clients whose own bearer is enough for every customer. */
  readonly backEnds: readonly string[]
}

/** Who asks about a customer: the customer, by their token, or a back-end of the shop, by its bearer alone. */
export type Asking =
  | { readonly as: 'customer'; readonly caller: Caller; readonly customer: Customer }
  | { readonly as: 'back-end'; readonly accounts: ManagedAccounts; readonly record: AccountRecord }

/**
 * Finds who asks about the customer of the path. Another customer, one that there is not, and a bearer that is not enough
 * are one answer.
 */
export async function findAsking(
  request: DialectRequest,
  services: DialectServices,
  { signIn, resource, backEnds }: CustomerEndpoint,
): Promise<Asking | { readonly refused: DialectAnswer }> {
  const bearer = await signIn.findCaller(request, services)
  if (!bearer) return { refused: badBearer() }
  const token = request.headers['x-moltin-customer-token']
  const { id = '' } = request.params
  if (token === undefined) {
    const isBackEnd = bearer.scopes.includes('store:write') && backEnds.includes(bearer.clientId)
    const accounts = isBackEnd ? services.ownAccount.managedBy(bearer) : undefined
    const record = await accounts?.find({ id })
    if (accounts && record) return { as: 'back-end', accounts, record }
    return { refused: detailedError(accounts ? 404 : 403, {}) }
  }
  if (typeof token !== 'string') return { refused: detailedError(403, {}) }
  const caller = await services.findCaller(token.trim(), ({ audience }) => audience === resource)
  const customer = caller?.customer
  if (!customer || customer.id !== id) return { refused: detailedError(403, {}) }
  return { as: 'customer', caller, customer }
}
