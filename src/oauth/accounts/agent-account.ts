import type { Account } from 'oidc-provider'
import type { Agent } from '../../agents/agent.ts'
import { asClaims } from '../library-values.ts'
import { defined } from './claims.ts'

/** The library's account of an agent. */
export type AgentAccount = Account & { readonly agent: Agent }

const PREFIX = 'agent:'

/** Agents' account ids have a prefix, so that they never meet a customer's. */
export function agentAccountId(agentId: string): string {
  return `${PREFIX}${agentId}`
}

/** The agent's own id; undefined when the account is a customer's. */
export function agentIdOf(accountId: string): string | undefined {
  return accountId.startsWith(PREFIX) ? accountId.slice(PREFIX.length) : undefined
}

export function toAgentAccount(agent: Agent): AgentAccount {
  const accountId = agentAccountId(agent.id)
  return {
    accountId,
    agent,
    claims: () => asClaims(defined({ sub: accountId, name: agent.name, email: agent.email })),
  }
}

export function isAgentAccount(account: Account): account is AgentAccount {
  return 'agent' in account
}
