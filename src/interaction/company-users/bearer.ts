import type { Context } from 'koa'
import type { ClientMetadata } from '../../clients/client.ts'
import type { Customer } from '../../customers/customer.ts'
import type { Caller, FindCaller, IsFor } from '../../oauth/tokens/callers.ts'
import { refuse, refuseScope, refuseToken } from './answers.ts'
import { shareWith } from './cross-origin.ts'

export type BearerDeps = {
  readonly findCaller: FindCaller
  /** Whether a token was made for this server's own endpoints. */
  readonly isFor: IsFor
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>
}

/** A customer who asks by an access token, and the client that they ask with. */
export type Asker = {
  readonly caller: Caller
  readonly customer: Customer
  readonly client: ClientMetadata
}

/** The customer whose token it is, an agent acting for them or not; otherwise the request is answered. */
export async function findAsker(deps: BearerDeps, ctx: Context): Promise<Asker | undefined> {
  ctx.set('Cache-Control', 'no-store')
  const [, bearer] = /^Bearer +([\w.~+/-]+=*)$/i.exec(ctx.get('Authorization')) ?? []
  if (bearer === undefined) {
    refuseToken(ctx, 'an access token of the customer is needed', { isMissing: true })
    return undefined
  }
  const caller = await deps.findCaller(bearer, deps.isFor)
  const client = caller && (await deps.findClient(caller.clientId))
  if (!caller || !client) {
    refuseToken(ctx, 'the access token does not work')
    return undefined
  }
  shareWith(ctx, client)
  const { customer } = caller
  if (caller.kind !== 'customer' || !customer) {
    refuseScope(ctx, 'the access token is no customer’s')
    return undefined
  }
  // A service that traded for the token has no business with the account of the person.
  if (caller.isActedFor && caller.actingAgentId === undefined) {
    refuse(ctx, 403, 'access_denied', 'a service that got the token by a trade may not do this')
    return undefined
  }
  return { caller, customer, client }
}
