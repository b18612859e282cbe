import type { Account, FindAccount } from 'oidc-provider'
import type { Agent } from '../../agents/agent.ts'
import {
  type CompanyUser,
  type Customer,
  isActiveCompanyUser,
  PRIVATE_PERSON,
  selectCompanyUser,
} from '../../customers/customer.ts'
import { asClaims } from '../library-values.ts'
import type { SignOutCutOffs } from '../sign-out-cut-offs.ts'
import { type AgentAccount, agentAccountId, agentIdOf, isAgentAccount, toAgentAccount } from './agent-account.ts'
import { type AnonymousAccount, anonymousIdOf, isAnonymousAccount, toAnonymousAccount } from './anonymous-account.ts'
import { accountClaims } from './claims.ts'
import { askedCompanyUser } from './company-choice.ts'
import type { Delegation } from './delegation.ts'
import { chosenCompanyUser, grantFacts, signedInAtMs } from './grant-facts.ts'

/** The library's account with what our own code needs of it. */
export type CustomerAccount = Account & {
  readonly customer: Customer
  readonly companyUser: CompanyUser | undefined
  /** Acts for no company because that was chosen, and not because none goes without saying. */
  readonly isPrivate?: true
  /** The agent who acts for the customer. */
  readonly actingAgentId?: string
  /** Set when a service goes on with a token it received. */
  readonly delegation?: Delegation
}

/** The account of a customer or an agent. */
export type PersonAccount = CustomerAccount | AgentAccount

/** An account that tokens are made for. */
export type CommerceAccount = PersonAccount | AnonymousAccount

/** What a grant says about how its account may be used. */
export type ActingAs = {
  /** `PRIVATE_PERSON`: for no company. Absent: the selection rule of the customer applies. */
  readonly companyUserId?: string | undefined
  readonly actingAgentId?: string | undefined
  /** Epoch milliseconds; absent: signing the agent out does not count. */
  readonly grantedAtMs?: number | undefined
}

/** Why an account may not act. */
export type AccountRefusal =
  | 'account-gone'
  | 'account-blocked'
  | 'company-user-inactive'
  | 'agent-gone'
  | 'agent-signed-out'
  | 'support-not-allowed'

export type AccountVerdict =
  | { readonly outcome: 'allowed'; readonly account: CommerceAccount }
  | { readonly outcome: AccountRefusal }

/** Whether an account may act now as its grant says. */
export type JudgeAccount = (accountId: string, as: ActingAs) => Promise<AccountVerdict>

export type JudgeAccountDeps = {
  readonly findCustomer: (id: string) => Promise<Customer | undefined>
  /** An agent who may act now. */
  readonly findAgent: (id: string) => Promise<Agent | undefined>
  readonly cutOffs: SignOutCutOffs
  readonly endRefused: EndRefused
  /** Whether agents may act only for customers who allow it now. */
  readonly isSupportPermissionNeeded: boolean
}

/** Told of every refusal: what was granted before it does not come back when the person may act again. */
export type EndRefused = (refusal: AccountRefusal, accountId: string, as: ActingAs) => Promise<void>

/** Looks an account up as it is now: a customer who is not blocked, a company user and an agent who may still act. */
export function createJudgeAccount({
  findCustomer,
  findAgent,
  cutOffs,
  endRefused,
  isSupportPermissionNeeded,
}: JudgeAccountDeps): JudgeAccount {
  async function judgeAgent(agentId: string, grantedAtMs: number | undefined): Promise<AccountRefusal | undefined> {
    const owner = { accountId: agentAccountId(agentId) }
    const [agent, isSignedOut] = await Promise.all([
      findAgent(agentId),
      grantedAtMs !== undefined && cutOffs.isBefore(owner, grantedAtMs),
    ])
    if (!agent) return 'agent-gone'
    return isSignedOut ? 'agent-signed-out' : undefined
  }

  async function judgeCustomer(
    customerId: string,
    { companyUserId, actingAgentId, grantedAtMs }: ActingAs,
  ): Promise<AccountVerdict> {
    const [customer, agentRefusal] = await Promise.all([
      findCustomer(customerId),
      actingAgentId === undefined ? undefined : judgeAgent(actingAgentId, grantedAtMs),
    ])
    if (!customer || customer.status === 'anonymised') return { outcome: 'account-gone' }
    if (customer.status === 'blocked') return { outcome: 'account-blocked' }
    if (agentRefusal) return { outcome: agentRefusal }
    const isAllowed = actingAgentId === undefined || !isSupportPermissionNeeded || customer.allowsSupport === true
    if (!isAllowed) return { outcome: 'support-not-allowed' }
    const account = toAccount(customer, companyUserId)
    if (!account) return { outcome: 'company-user-inactive' }
    return allowed(actingAgentId === undefined ? account : actedFor(account, actingAgentId))
  }

  return async function judgeAccount(accountId, as) {
    const verdict = await judge(accountId, as)
    if (verdict.outcome !== 'allowed') await endRefused(verdict.outcome, accountId, as)
    return verdict
  }

  async function judge(accountId: string, as: ActingAs): Promise<AccountVerdict> {
    const agentId = agentIdOf(accountId)
    if (agentId !== undefined) {
      const agent = await findAgent(agentId)
      return agent ? allowed(toAgentAccount(agent)) : { outcome: 'agent-gone' }
    }
    const anonymousId = anonymousIdOf(accountId)
    return anonymousId === undefined ? judgeCustomer(accountId, as) : allowed(toAnonymousAccount(anonymousId))
  }
}

function allowed(account: CommerceAccount): AccountVerdict {
  return { outcome: 'allowed', account }
}

export type AccountDeps = {
  readonly judgeAccount: JudgeAccount
  readonly cutOffs: SignOutCutOffs
}

/**
 * Finds the account behind a session or code. Undefined, which refuses the request, when the account is gone or
 * blocked, what the grant acts as is no longer allowed, or everything before an instant was signed out.
 */
export function createFindAccount({ judgeAccount, cutOffs }: AccountDeps): FindAccount {
  return async function findAccount(ctx, accountId, token) {
    if (!askedAtMs.has(ctx.oidc)) askedAtMs.set(ctx.oidc, Date.now())
    const grant = grantFacts(ctx.oidc.entities.Grant)
    const clientId = ctx.oidc.client?.clientId
    const grantedAtMs =
      grant?.createdAtMs ?? signedInAtMs(ctx.oidc.session) ?? (token?.iat === undefined ? undefined : token.iat * 1000)
    const { companyUserId, actingAgentId } = grant ?? { companyUserId: chosenCompanyUser(ctx.oidc.session) }
    const owner = { accountId, ...(clientId && { clientId }), ...(companyUserId && { companyUserId }) }
    const [judged, isSignedOut] = await Promise.all([
      judgeAccount(accountId, { companyUserId, actingAgentId, grantedAtMs }),
      grantedAtMs !== undefined && cutOffs.isBefore(owner, grantedAtMs),
    ])
    if (judged.outcome !== 'allowed' || isSignedOut) return undefined
    const asked = grant ? undefined : askedCompanyUser(ctx)
    const other = asked && toOtherCompany(judged.account, asked)
    if (!other || grantedAtMs === undefined) return judged.account
    const isEnded = await cutOffs.isBefore({ ...owner, companyUserId: asked }, grantedAtMs)
    return isEnded ? undefined : other
  }
}

/** The same customer as the company user that the request names; undefined where they may not act as that. */
function toOtherCompany(account: CommerceAccount, companyUserId: string): CustomerAccount | undefined {
  const own = asCustomerAccount(account)
  return own && own.actingAgentId === undefined ? toAccount(own.customer, companyUserId) : undefined
}

const askedAtMs = new WeakMap<object, number>()

/**
 * Epoch milliseconds, from before the account of the request under way was looked up: a grant that is given in it is no
 * younger, so that what signs the person out meanwhile ends the grant too.
 */
export function accountAskedAtMs({ oidc }: { readonly oidc: object }): number {
  return askedAtMs.get(oidc) ?? Date.now()
}

/** @returns undefined when the customer no longer acts as `companyUserId`; `PRIVATE_PERSON` is always possible. */
export function toAccount(customer: Customer, companyUserId?: string): CustomerAccount | undefined {
  const isPrivate = companyUserId === PRIVATE_PERSON
  const named = companyUserId && !isPrivate ? customer.companyUsers.find(({ id }) => id === companyUserId) : undefined
  if (companyUserId && !isPrivate && !(named && isActiveCompanyUser(named))) return undefined
  const companyUser = companyUserId ? named : selectCompanyUser(customer)
  return {
    accountId: customer.id,
    customer,
    companyUser,
    ...(isPrivate && { isPrivate }),
    claims: (use) => asClaims(accountClaims(customer, companyUser, use)),
  }
}

/** What a grant keeps of the company that its account acts for; undefined where nobody chose and none goes without saying. */
export function choiceOf({ companyUser, isPrivate }: Pick<CustomerAccount, 'companyUser' | 'isPrivate'>) {
  return companyUser?.id ?? (isPrivate ? PRIVATE_PERSON : undefined)
}

/** The account of the request under way: `findAccount` and our grant types put nothing else there. */
export function accountOf(ctx: {
  readonly oidc: { readonly entities: { readonly Account?: unknown } }
}): CommerceAccount | undefined {
  return ctx.oidc.entities.Account as CommerceAccount | undefined // the library's type is that of any account
}

/** The same account with an agent acting for it, who is named wherever the account is told of (RFC 8693 §4.1). */
export function actedFor(account: CustomerAccount, actingAgentId: string): CustomerAccount {
  const act = { sub: agentAccountId(actingAgentId) }
  return {
    ...account,
    actingAgentId,
    claims: async (...asked) => ({ ...(await account.claims(...asked)), act }),
  }
}

/** Undefined for agents and for visitors who have not signed in. */
export function asCustomerAccount(account: CommerceAccount | undefined): CustomerAccount | undefined {
  return !account || isAgentAccount(account) || isAnonymousAccount(account) ? undefined : account
}
