import type { Account, FindAccount } from 'oidc-provider'
import type { Agent } from '../../agents/agent.ts'
import { type CompanyUser, type Customer, isActiveCompanyUser, selectCompanyUser } from '../../customers/customer.ts'
import type { SignOutCutOffs } from '../sign-out-cut-offs.ts'
import { type AgentAccount, agentAccountId, agentIdOf, toAgentAccount } from './agent-account.ts'
import { type AnonymousAccount, anonymousIdOf, toAnonymousAccount } from './anonymous-account.ts'
import { accountClaims } from './claims.ts'
import type { Delegation } from './delegation.ts'
import { grantFacts, signedInAtMs } from './grant-facts.ts'

/** The library's account with what our own code needs of it. */
export type CustomerAccount = Account & {
  readonly customer: Customer
  readonly companyUser: CompanyUser | undefined
  /** The agent who acts for the customer. */
  readonly actingAgentId?: string
  /** Set when a service goes on with a token it received. */
  readonly delegation?: Delegation
}

/** Somebody whom we know. */
export type PersonAccount = CustomerAccount | AgentAccount

/** Whoever tokens are for. */
export type CommerceAccount = PersonAccount | AnonymousAccount

/** What a grant says about how its account may be used. */
export type ActingAs = {
  readonly companyUserId?: string | undefined
  readonly actingAgentId?: string | undefined
  /** Epoch milliseconds; absent: signing the agent out does not count. */
  readonly grantedAtMs?: number | undefined
}

/** Undefined when the account is gone or blocked, or may no longer act as it did. */
export type FindLiveAccount = (accountId: string, as: ActingAs) => Promise<CommerceAccount | undefined>

export type LiveAccountDeps = {
  readonly findCustomer: (id: string) => Promise<Customer | undefined>
  /** An agent who may act now. */
  readonly findAgent: (id: string) => Promise<Agent | undefined>
  readonly cutOffs: SignOutCutOffs
}

/** Looks an account up as it is now: a customer who is not blocked, a company user and an agent who may still act. */
export function createFindLiveAccount({ findCustomer, findAgent, cutOffs }: LiveAccountDeps): FindLiveAccount {
  async function mayAct(agentId: string, grantedAtMs: number | undefined): Promise<boolean> {
    const owner = { accountId: agentAccountId(agentId) }
    const [agent, isSignedOut] = await Promise.all([
      findAgent(agentId),
      grantedAtMs !== undefined && cutOffs.isBefore(owner, grantedAtMs),
    ])
    return agent !== undefined && !isSignedOut
  }

  return async function findLiveAccount(accountId, { companyUserId, actingAgentId, grantedAtMs }) {
    const agentId = agentIdOf(accountId)
    if (agentId !== undefined) {
      const agent = await findAgent(agentId)
      return agent && toAgentAccount(agent)
    }
    const anonymousId = anonymousIdOf(accountId)
    if (anonymousId !== undefined) return toAnonymousAccount(anonymousId)
    const [customer, mayStillAct] = await Promise.all([
      findCustomer(accountId),
      actingAgentId === undefined || mayAct(actingAgentId, grantedAtMs),
    ])
    if (customer?.status !== 'active' || !mayStillAct) return undefined
    const account = toAccount(customer, companyUserId)
    return account && actingAgentId !== undefined ? { ...account, actingAgentId } : account
  }
}

export type AccountDeps = {
  readonly findLiveAccount: FindLiveAccount
  readonly cutOffs: SignOutCutOffs
}

/**
 * Finds the account behind a session, code or token. Undefined, which refuses the request, when the account is gone or
 * blocked, what the grant acts as is no longer allowed, or everything before an instant was signed out.
 */
export function createFindAccount({ findLiveAccount, cutOffs }: AccountDeps): FindAccount {
  return async function findAccount(ctx, accountId, token) {
    const grant = grantFacts(ctx.oidc.entities.Grant)
    const clientId = ctx.oidc.client?.clientId
    const grantedAtMs =
      grant?.createdAtMs ?? signedInAtMs(ctx.oidc.session) ?? (token?.iat === undefined ? undefined : token.iat * 1000)
    const { companyUserId, actingAgentId } = grant ?? {}
    const owner = { accountId, ...(clientId && { clientId }), ...(companyUserId && { companyUserId }) }
    const [account, isSignedOut] = await Promise.all([
      findLiveAccount(accountId, { companyUserId, actingAgentId, grantedAtMs }),
      grantedAtMs !== undefined && cutOffs.isBefore(owner, grantedAtMs),
    ])
    return isSignedOut ? undefined : account
  }
}

/** @returns undefined when the customer no longer acts as `companyUserId`. */
export function toAccount(customer: Customer, companyUserId?: string): CustomerAccount | undefined {
  const companyUser = companyUserId
    ? customer.companyUsers.find(({ id }) => id === companyUserId)
    : selectCompanyUser(customer)
  if (companyUserId && !(companyUser && isActiveCompanyUser(companyUser))) return undefined
  return {
    accountId: customer.id,
    customer,
    companyUser,
    claims: (use) => accountClaims(customer, companyUser, use) as Awaited<ReturnType<Account['claims']>>,
  }
}
