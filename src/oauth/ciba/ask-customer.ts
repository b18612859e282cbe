import type { BackchannelAuthenticationRequest, Client } from 'oidc-provider'
import type { Audit } from '../../audit/events.ts'
import type { Customer } from '../../customers/customer.ts'
import { hashId } from '../../storage/hash-id.ts'
import type { Storage } from '../../storage/storage.ts'
import type { Approval, Approvals } from './approvals.ts'

/** How many requests of one client a customer is told of in an hour, and of all clients together: a person who is asked again and again agrees in the end. */
const MOST_OF_CLIENT = 10
const MOST_OF_ALL = 20
const HOUR_SECONDS = 3600

export type AskCustomerDeps = {
  readonly storage: Pick<Storage, 'increment'>
  readonly approvals: Pick<Approvals, 'add'>
  /** Tells the customer, by mail or through the shop. It returns at once and never throws. */
  readonly deliver: (customer: Customer, approval: Approval) => void
  readonly audit: Audit
  readonly noteRequest: (outcome: 'asked' | 'withheld' | 'unknown') => void
}

/** Whose approval a request is for; without a customer nobody is asked, and the client cannot tell. */
export type Asked = {
  readonly request: BackchannelAuthenticationRequest
  readonly client: Client
  readonly customer: Customer | undefined
}

/** Has customers asked for approval. The work is the same whether there is such a customer or not. */
export function createAskCustomer({ storage, approvals, deliver, audit, noteRequest }: AskCustomerDeps) {
  return async function askCustomer({ request, client, customer }: Asked): Promise<void> {
    const { accountId = '', params = {}, jti: requestId } = request
    const askedAt = Math.floor(Date.now() / 1000)
    const { clientId } = client
    const ofClient = await storage.increment(`ciba:asked:${hashId(`${accountId} ${clientId}`)}`, HOUR_SECONDS)
    // What a client asks beyond its own budget is not taken from that of the others.
    const ofAll =
      ofClient <= MOST_OF_CLIENT ? await storage.increment(`ciba:asked:${hashId(accountId)}`, HOUR_SECONDS) : 0
    // For one who may not be asked the work is done for nobody.
    const mayAsk = client.verified_email_only !== true || customer?.emailVerified !== false
    const isWithin = ofClient <= MOST_OF_CLIENT && ofAll <= MOST_OF_ALL
    // The library has read them as texts.
    const { binding_message, acr_values } = params as Readonly<Record<string, string | undefined>>
    const approval = isWithin
      ? await approvals.add(mayAsk ? accountId : hashId(requestId), {
          requestId,
          clientId,
          bindingMessage: binding_message,
          acrValues: acr_values,
          scopes: String(request.scope ?? '')
            .split(' ')
            .filter(Boolean),
          resources: [request.resource ?? []].flat(),
          askedAt,
          expiresAt: askedAt + request.expiration,
        })
      : undefined
    if (!customer) return noteRequest('unknown')
    const isAsked = approval !== undefined && mayAsk
    audit({ type: isAsked ? 'approval.asked' : 'approval.withheld', customerId: customer.id, clientId })
    noteRequest(isAsked ? 'asked' : 'withheld')
    if (isAsked) deliver(customer, approval)
  }
}
