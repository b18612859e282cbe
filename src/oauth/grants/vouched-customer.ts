import { errors, type TokenEndpointGrantContext } from 'oidc-provider'
import type { Audit } from '../../audit/events.ts'
import type { ClientMetadata } from '../../clients/client.ts'
import type { ResourceServer } from '../../clients/resource-servers.ts'
import type { Customer } from '../../customers/customer.ts'
import { requestState } from '../../http/request-state.ts'
import { toAccount } from '../accounts/account.ts'
import { parametersOf } from '../library-values.ts'
import type { FoundToken } from '../tokens/found-token.ts'
import { issueTokens } from '../tokens/issue-tokens.ts'
import type { Refusal } from '../tokens/refusals.ts'
import { type JudgeToken, objectToBearer } from '../tokens/token-verdict.ts'
import type { GrantType } from './grant-type.ts'

export const VOUCHED_CUSTOMER_GRANT = 'urn:vestibule:grant:vouched-customer'

export type VouchedCustomerGrantDeps = {
  readonly judgeToken: JudgeToken
  readonly resourceServers: { find(identifier: string): Promise<ResourceServer | undefined> }
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>
  readonly findCustomerByReference: (customerReference: string) => Promise<Customer | undefined>
  /** Whether an agent signs in with this address. */
  readonly isAgentAddress: (email: string) => Promise<boolean>
  readonly audit: Audit
}

/**
 * A customer whom a confidential client has signed in by its own means. The client shows a token of its own, with a scope that is
 * for nothing else (`vouching` of the resource server); it can sign in every customer, so an operator gives that scope to
 * few. Never for the address of an agent, who may have a second factor.
 */
export function vouchedCustomerGrant(deps: VouchedCustomerGrantDeps): GrantType {
  return {
    name: VOUCHED_CUSTOMER_GRANT,
    parameters: ['subject_token', 'customer_reference', 'scope', 'resource'],
    async handle(ctx) {
      const { customer_reference: customerReference, resource } = parametersOf(ctx)
      if (typeof customerReference !== 'string' || typeof resource !== 'string')
        throw new errors.InvalidRequest('subject_token, customer_reference and resource are required')
      const server = await deps.resourceServers.find(resource)
      if (!server?.vouching) throw new errors.InvalidTarget('no client vouches for customers at this resource server')
      const voucher = await findVoucher(deps, ctx, server.vouching)
      const provedAtMs = Date.now()
      const customer = await deps.findCustomerByReference(customerReference)
      const why = await whyRefused(deps, customer)
      const seen = { ...(customer && { customerId: customer.id }), clientId: voucher, ip: ctx.ip }
      const account = customer && why === undefined ? toAccount(customer) : undefined
      if (!account) {
        deps.audit({ type: 'login.refused', ...seen, reason: `a client vouched for it: ${why ?? 'blocked'}` })
        throw new errors.InvalidGrant('the client may not vouch for this customer')
      }
      await issueTokens(ctx, { account, grantType: VOUCHED_CUSTOMER_GRANT, defaultScope: 'customer', provedAtMs })
      const { requestId } = requestState(ctx)
      deps.audit({ type: 'login.succeeded', ...seen, requestId, reason: 'a client vouched for the customer' })
    },
  }
}

async function whyRefused(
  { isAgentAddress }: VouchedCustomerGrantDeps,
  customer: Customer | undefined,
): Promise<string | undefined> {
  if (!customer) return 'unknown'
  if (customer.status !== 'active') return 'blocked'
  if (!customer.emailVerified) return 'unconfirmed'
  return (await isAgentAddress(customer.email)) ? 'agent' : undefined
}

/** The id of the client whose own token is shown. */
async function findVoucher(
  { judgeToken, findClient }: VouchedCustomerGrantDeps,
  ctx: TokenEndpointGrantContext,
  vouching: NonNullable<ResourceServer['vouching']>,
): Promise<string> {
  const { subject_token: value } = parametersOf(ctx)
  if (typeof value !== 'string') throw new errors.InvalidRequest("missing required parameter(s) 'subject_token'")
  const verdict = await judgeToken(value, {
    asker: 'subject-token',
    objection: (token) => objectTo(token, vouching),
  })
  if (!verdict.works) throw new errors.InvalidGrant(`the subject token does not work: ${verdict.reason}`)
  const client = await findClient(verdict.token.clientId)
  if (!client || client.token_endpoint_auth_method === 'none')
    throw new errors.InvalidGrant('only a confidential client vouches for customers')
  return verdict.token.clientId
}

function objectTo(
  token: FoundToken,
  { resource, scope }: NonNullable<ResourceServer['vouching']>,
): Refusal | undefined {
  if (token.kind !== 'client-credentials') return 'wrong-kind'
  if (token.audience !== resource) return 'wrong-audience'
  if (!token.scope?.split(' ').includes(scope)) return 'caller-not-entitled'
  return objectToBearer(token)
}
