import type { Agent } from '../../agents/agent.ts'
import type { CompanyUser, Customer } from '../../customers/customer.ts'
import type { CommerceAccount, FindLiveAccount } from '../accounts/account.ts'
import { isAgentAccount } from '../accounts/agent-account.ts'
import { isAnonymousAccount } from '../accounts/anonymous-account.ts'
import type { FindToken } from './token-status.ts'

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
  readonly clientId: string
  readonly scopes: readonly string[]
  readonly audience?: string
  readonly jti?: string
  /** Epoch seconds. */
  readonly issuedAt: number
}

export type FindCaller = (bearer: string) => Promise<Caller | undefined>

/**
 * Finds who holds an access token. Undefined when it does not work now, is no access token, belongs to an account that
 * may not come in any more, or is bound to a key or certificate, which a plain bearer does not prove.
 */
export function createFindCaller({
  findToken,
  findAccount,
}: {
  findToken: FindToken
  findAccount: FindLiveAccount
}): FindCaller {
  return async function findCaller(bearer) {
    const status = await findToken(bearer)
    if (!status.isLive) return undefined
    const { token } = status
    if (token.kind === 'refresh-token' || token.jkt || token.certificateThumbprint) return undefined
    const { accountId, companyUserId, actingAgentId, clientId, audience, jti } = token
    const account =
      accountId && (await findAccount(accountId, { companyUserId, actingAgentId, grantedAtMs: token.iat * 1000 }))
    if (accountId && !account) return undefined
    return {
      ...(account ? holder(account) : { kind: 'client' }),
      clientId,
      scopes: token.scope?.split(' ').filter(Boolean) ?? [],
      ...(actingAgentId && { actingAgentId }),
      ...(audience && { audience }),
      ...(jti && { jti }),
      issuedAt: token.iat,
    }
  }
}

function holder(account: CommerceAccount): Pick<Caller, 'kind' | 'customer' | 'companyUser' | 'agent'> {
  if (isAgentAccount(account)) return { kind: 'agent', agent: account.agent }
  // A visitor is nobody yet: what they may do, their client may.
  if (isAnonymousAccount(account)) return { kind: 'client' }
  const { customer, companyUser } = account
  return { kind: 'customer', customer, ...(companyUser && { companyUser }) }
}
