import {
  type CheckedPassword,
  createPasswordCheck,
  type PasswordCheckDeps,
  type SignInContext,
} from '../credentials/password-check.ts'
import { checkSecondFactor, type SecondFactorStep } from '../credentials/second-factor-step.ts'
import type { SecondFactors } from '../credentials/second-factors.ts'
import type { Agent } from './agent.ts'
import type { AgentDirectory } from './directory.ts'

type Admitted =
  | (Exclude<SecondFactorStep, { readonly outcome: 'refused' }> & { readonly agent: Agent })
  | Extract<SecondFactorStep, { readonly outcome: 'refused' }>

export type AgentAuthentication = CheckedPassword<'blocked' | 'not-an-agent', Admitted>

export type AuthenticateAgent = (
  login: string,
  password: string,
  context?: SignInContext,
) => Promise<AgentAuthentication>

export type AuthenticateAgentDeps = Pick<PasswordCheckDeps<Agent, never, Admitted>, 'passwords' | 'lockout'> & {
  readonly agents: Pick<AgentDirectory, 'findByLogin' | 'replaceHash'>
  readonly secondFactors: Pick<SecondFactors, 'isRequired' | 'redeem'>
}

/** Checks an agent's login, password and code. */
export function createAuthenticateAgent(deps: AuthenticateAgentDeps): AuthenticateAgent {
  const { agents, secondFactors, passwords, lockout } = deps
  return createPasswordCheck({
    passwords,
    lockout,
    find: agents.findByLogin,
    replaceHash: agents.replaceHash,
    whyRefused: ({ status, isAgent }) =>
      status === 'active' ? (isAgent ? undefined : ('not-an-agent' as const)) : ('blocked' as const),
    async admit({ person: agent }, _password, { code }): Promise<Admitted> {
      const step = await checkSecondFactor(secondFactors, agent.id, code)
      return step.outcome === 'refused' ? step : { ...step, agent }
    },
  })
}
