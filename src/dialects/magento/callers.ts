import type { Customer } from '../../customers/customer.ts'
import type { Caller } from '../../oauth/tokens/callers.ts'
import type { DialectRequest } from '../dialect.ts'
import type { DialectServices } from '../services.ts'
import { readBearer } from './bearer.ts'
import { ADMIN, CUSTOMER, INTEGRATION } from './shop.ts'

type Services = Pick<DialectServices, 'findCaller'>

/** Who shows a token, and the token. */
export type Shown = { readonly caller: Caller; readonly bearer: string }
/** A token by which something is done as a customer: their own, or that of an agent who acts for them. */
export type ShownCustomer = Shown & { readonly customer: Customer }

async function findShown(
  { headers }: Pick<DialectRequest, 'headers'>,
  services: Services,
  audience: string,
): Promise<Shown | undefined> {
  const bearer = readBearer(headers.authorization)
  const caller =
    bearer === undefined ? undefined : await services.findCaller(bearer, (token) => token.audience === audience)
  return bearer !== undefined && caller ? { caller, bearer } : undefined
}

/** The customer whom the request's bearer is for, where that is a token of this dialect. */
export async function findCustomer(
  request: Pick<DialectRequest, 'headers'>,
  services: Services,
): Promise<ShownCustomer | undefined> {
  const shown = await findShown(request, services, CUSTOMER)
  return shown?.caller.customer && { ...shown, customer: shown.caller.customer }
}

/** An agent by their own token. */
export async function findAgent(
  request: Pick<DialectRequest, 'headers'>,
  services: Services,
): Promise<Shown | undefined> {
  const shown = await findShown(request, services, ADMIN)
  return shown?.caller.kind === 'agent' ? shown : undefined
}

/** A client by a token of its own. */
export async function findIntegration(
  request: Pick<DialectRequest, 'headers'>,
  services: Services,
): Promise<Shown | undefined> {
  const shown = await findShown(request, services, INTEGRATION)
  return shown?.caller.kind === 'client' ? shown : undefined
}

/** Signs out as the shop wants it. An agent who acts for a customer ends only their own access. */
export async function signOut(
  { caller, bearer, customer }: ShownCustomer,
  services: Pick<DialectServices, 'signOutEverywhere' | 'endSignInOf'>,
  revokes: 'all' | 'this',
): Promise<void> {
  const isOne = revokes === 'this' || caller.actingAgentId !== undefined
  await (isOne ? services.endSignInOf(bearer) : services.signOutEverywhere(customer.id))
}
