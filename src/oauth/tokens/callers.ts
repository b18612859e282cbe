import type { Agent } from '../../agents/agent.ts'
import type { CompanyUser, Customer } from '../../customers/customer.ts'
import type { CommerceAccount } from '../accounts/account.ts'
import { isAgentAccount } from '../accounts/agent-account.ts'
import { isAnonymousAccount } from '../accounts/anonymous-account.ts'
import type { FoundToken } from './found-token.ts'
import { type JudgeToken, objectToBearer } from './token-verdict.ts'

/** Who holds an access token that works now. */
export type Caller = {
  readonly kind: 'customer' | 'agent' | 'client'
  readonly customer?: Customer
  /** The company user the token acts as. */
  readonly companyUser?: CompanyUser
  /** The agent whose own token it is. */
  readonly agent?: Agent
  /** The agent who acts for the customer. */
  readonly actingAgentId?: string
  /** Somebody else holds the token: an agent, a system, or a service that traded for it (RFC 8693 §4.1). */
  readonly isActedFor?: true
  readonly clientId: string
  readonly scopes: readonly string[]
  readonly audience?: string
  readonly jti?: string
  /** Epoch seconds. */
  readonly issuedAt: number
}

/** `isFor` says whether a token was made for the service that asks. */
export type FindCaller = (bearer: string, isFor: IsFor) => Promise<Caller | undefined>

export type IsFor = (token: Pick<FoundToken, 'clientId' | 'audience'>) => boolean

/**
 * Finds who holds an access token. Undefined when it does not work now, is no access token, was made for another service,
 * or is bound to a key or certificate, which a plain bearer does not prove.
 */
export function createFindCaller({ judgeToken }: { readonly judgeToken: JudgeToken }): FindCaller {
  return async function findCaller(bearer, isFor) {
    const verdict = await judgeToken(bearer, {
      asker: 'dialect',
      objection: (token) => objectToBearer(token) ?? (isFor(token) ? undefined : 'wrong-audience'),
    })
    if (!verdict.works) return undefined
    const { token, account } = verdict
    const { actingAgentId, grantClientId, claims, clientId, audience, jti } = token
    const isActedFor = actingAgentId !== undefined || grantClientId !== undefined || claims.act !== undefined
    return {
      ...(account ? holder(account) : { kind: 'client' }),
      clientId,
      scopes: token.scope?.split(' ').filter(Boolean) ?? [],
      ...(actingAgentId && { actingAgentId }),
      ...(isActedFor && { isActedFor }),
      ...(audience && { audience }),
      ...(jti && { jti }),
      issuedAt: token.iat,
    }
  }
}

function holder(account: CommerceAccount): Pick<Caller, 'kind' | 'customer' | 'companyUser' | 'agent'> {
  if (isAgentAccount(account)) return { kind: 'agent', agent: account.agent }
  // A visitor has no account yet: they may do what their client may.
  if (isAnonymousAccount(account)) return { kind: 'client' }
  const { customer, companyUser } = account
  return { kind: 'customer', customer, ...(companyUser && { companyUser }) }
}
