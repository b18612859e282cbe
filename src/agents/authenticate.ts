import { createPasswordCheck, type PasswordCheckDeps, type PersonLoginContext } from '../credentials/password-check.ts'
import type { SecondFactors } from '../credentials/second-factors.ts'
import type { Agent } from './agent.ts'
import type { AgentDirectory } from './directory.ts'

export type AgentAuthentication =
  /** `hasSecondFactor`: a code was asked for, and was right. */
  | { readonly outcome: 'authenticated'; readonly agent: Agent; readonly hasSecondFactor?: true }
  /** `reason` is for the audit trail and logs; a caller of ours never learns it. */
  | {
      readonly outcome: 'refused'
      readonly reason: 'unknown' | 'wrong-password' | 'wrong-code' | 'blocked' | 'not-an-agent'
    }
  /** The password is right, and a code must come with it. */
  | { readonly outcome: 'second-factor-required'; readonly agent: Agent }
  | { readonly outcome: 'locked' | 'busy'; readonly retryAfterSeconds: number }

export type AuthenticateAgent = (
  login: string,
  password: string,
  context?: PersonLoginContext,
) => Promise<AgentAuthentication>

export type AuthenticateAgentDeps = Pick<PasswordCheckDeps<Agent, string>, 'passwords' | 'lockout'> & {
  readonly agents: Pick<AgentDirectory, 'findByLogin' | 'replaceHash'>
  readonly secondFactors: Pick<SecondFactors, 'isRequired' | 'redeem'>
}

/** Checks an agent's login, password and code. */
export function createAuthenticateAgent(deps: AuthenticateAgentDeps): AuthenticateAgent {
  const { agents, ...further } = deps
  const check = createPasswordCheck({
    ...further,
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
    if (!('person' in checked)) return checked
    const { person: agent, ...outcome } = checked
    return { ...outcome, agent }
  }
}
