import type { Agent } from './agent.ts'
import type { AgentDirectory } from './directory.ts'
import { createPasswordCheck, type PasswordCheckDeps, type PersonLoginContext } from './password-check.ts'

export type AgentAuthentication =
  | { readonly outcome: 'authenticated'; readonly agent: Agent }
  /** `reason` is for the audit trail and logs; a caller of ours never learns it. */
  | { readonly outcome: 'refused'; readonly reason: 'unknown' | 'wrong-password' | 'blocked' | 'not-an-agent' }
  | { readonly outcome: 'locked' | 'busy'; readonly retryAfterSeconds: number }

export type AuthenticateAgent = (
  login: string,
  password: string,
  context?: PersonLoginContext,
) => Promise<AgentAuthentication>

export type AuthenticateAgentDeps = Pick<PasswordCheckDeps<Agent, string>, 'passwords' | 'lockout'> & {
  readonly agents: Pick<AgentDirectory, 'findByLogin' | 'replaceHash'>
}

/** Checks an agent's login and password. */
export function createAuthenticateAgent({ agents, passwords, lockout }: AuthenticateAgentDeps): AuthenticateAgent {
  const check = createPasswordCheck({
    passwords,
    lockout,
    async find(login) {
      const found = await agents.findByLogin(login)
      return found && { person: found.agent, ...(found.password && { password: found.password }) }
    },
    replaceHash: agents.replaceHash,
    whyRefused: ({ status, isAgent }) =>
      status === 'active' ? (isAgent ? undefined : ('not-an-agent' as const)) : ('blocked' as const),
  })

  return async function authenticateAgent(login, password, context) {
    const checked = await check(login, password, context)
    return checked.outcome === 'authenticated' ? { outcome: 'authenticated', agent: checked.person } : checked
  }
}
