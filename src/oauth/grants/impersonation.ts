import { errors, type TokenEndpointGrantContext } from 'oidc-provider'
import type { Audit } from '../../audit/events.ts'
import type { ResourceServer } from '../../clients/resource-servers.ts'
import type { Customer } from '../../customers/customer.ts'
import { requestState } from '../../http/request-state.ts'
import type { SupportAccess } from '../../support-access/support-access.ts'
import type { AccessRefusal, SupportAccesses } from '../../support-access/support-accesses.ts'
import { actedFor, toAccount } from '../accounts/account.ts'
import { type AgentAccount, isAgentAccount } from '../accounts/agent-account.ts'
import { clientIdOf, parametersOf } from '../library-values.ts'
import { deriveTokens, type Issue } from './derive-tokens.ts'
import type { GrantType } from './grant-type.ts'
import { findSubject, type Subject, type SubjectTokenDeps } from './subject-token.ts'

export const IMPERSONATION_GRANT = 'urn:vestibule:grant:impersonation'

export type ImpersonationGrantDeps = SubjectTokenDeps & {
  readonly findCustomerByReference: (customerReference: string) => Promise<Customer | undefined>
  readonly supportAccesses: Pick<SupportAccesses, 'begin' | 'isOpen' | 'abandon' | 'rules'>
  /** Told once tokens of an access are stored: the customer is to know. */
  readonly noticeSupportAccess: (customer: Customer, access: SupportAccess) => void
  readonly audit: Audit
  readonly resourceServers: { find(identifier: string): Promise<ResourceServer | undefined> }
}

/** Of one request: who acts for whom. */
type Acting = { readonly subject: Subject; readonly account: AgentAccount; readonly customerReference: string }

/**
 * An agent goes on as a customer (RFC 8693 §4.1: the agent is the `act` of the tokens): support access. It takes the
 * agent's own token: one that acts for a customer already leads no further, and only customers can be acted for, never
 * agents. All rules of support access are kept here, so that no dialect's endpoint can leave one out, and every refusal
 * is audited.
 */
export function impersonationGrant(deps: ImpersonationGrantDeps): GrantType {
  return {
    name: IMPERSONATION_GRANT,
    parameters: ['subject_token', 'customer_reference', 'reason', 'scope', 'resource'],
    async handle(ctx) {
      const { customer_reference: customerReference, resource } = parametersOf(ctx)
      if (typeof customerReference !== 'string' || customerReference === '') {
        throw new errors.InvalidRequest("missing required parameter(s) 'customer_reference'")
      }
      const server = typeof resource === 'string' ? await deps.resourceServers.find(resource) : undefined
      const subject = await findSubject(deps, ctx, { alsoFrom: server?.agentsFrom })
      const { account } = subject
      if (!isAgentAccount(account)) throw new errors.InvalidGrant('only an agent may act for a customer')
      await act(deps, ctx, { subject, account, customerReference })
    },
  }
}

async function act(
  deps: ImpersonationGrantDeps,
  ctx: TokenEndpointGrantContext,
  { subject, account: agent, customerReference }: Acting,
): Promise<void> {
  const { supportAccesses, audit } = deps
  let customer: Customer | undefined
  let begun: SupportAccess | undefined
  try {
    customer = await deps.findCustomerByReference(customerReference)
    const account = customer?.status === 'active' ? toAccount(customer) : undefined
    if (!customer || !account) throw new errors.InvalidGrant('there is no such customer to act for')
    const endsAt = Math.min(subject.endsAt, Math.floor(Date.now() / 1000) + supportAccesses.rules.accessSeconds)
    const found = customer
    await deriveTokens(deps, ctx, {
      subject,
      account: actedFor(account, agent.agent.id),
      grantType: IMPERSONATION_GRANT,
      gives: ['customer', 'company', 'customer_impersonation'],
      endsAt,
      async begin(issue) {
        const access = await beginAccess(deps, ctx, { agent, customer: found, issue, endsAt })
        begun = access
        return async () => {
          // It may have been switched off, or ended, while its tokens were stored.
          if (!(await supportAccesses.isOpen(access.id))) throw refused('switched-off')
        }
      },
    })
    if (begun) deps.noticeSupportAccess(customer, begun)
  } catch (error) {
    // The failure that led here is the one to tell of: the row ends by itself.
    if (begun) await supportAccesses.abandon(begun).catch(() => undefined)
    if (isRefusal(error)) {
      audit({
        type: 'support-access.refused',
        actor: agent.accountId,
        clientId: clientIdOf(ctx),
        ...(customer && { customerId: customer.id }),
        ip: ctx.ip,
        requestId: requestState(ctx).requestId,
        reason: `${error.error}: ${error.error_description ?? error.message}`,
      })
    }
    throw error
  }
}

type Beginning = {
  readonly agent: AgentAccount
  readonly customer: Customer
  readonly issue: Issue
  readonly endsAt: number
}

async function beginAccess(
  { supportAccesses }: ImpersonationGrantDeps,
  ctx: TokenEndpointGrantContext,
  { agent: { agent }, customer, issue: { grantId, scopes, resource }, endsAt }: Beginning,
): Promise<SupportAccess> {
  const result = await supportAccesses.begin({
    agentId: agent.id,
    agentEmail: agent.email,
    customerId: customer.id,
    clientId: clientIdOf(ctx),
    resource,
    scopes,
    reason: parametersOf(ctx).reason,
    isPermitted: customer.allowsSupport === true,
    begin: { grantId, endsAt },
  })
  if (result.outcome === 'begun') return result.access
  if (result.outcome !== 'waiting') throw refused(result.outcome)
  throw new errors.AuthorizationPending(`a second person must approve the support access ${result.access.id}`)
}

const SAYS: Readonly<Record<Exclude<AccessRefusal, 'reason-invalid' | 'reason-missing'>, string>> = {
  'switched-off': 'support access is switched off',
  'not-permitted': 'the customer does not allow support access',
}

function refused(why: AccessRefusal): Error {
  if (why === 'reason-missing') return new errors.InvalidRequest("missing required parameter(s) 'reason'")
  if (why === 'reason-invalid') return new errors.InvalidRequest('reason must be one line of at most 500 characters')
  return new errors.AccessDenied(SAYS[why])
}

type Refusal = Error & { readonly error: string; readonly error_description?: string }

/** What refuses the request, and is neither a failure nor a request that waits. */
function isRefusal(error: unknown): error is Refusal {
  return error instanceof errors.OIDCProviderError && error.status < 500 && error.error !== 'authorization_pending'
}
