import type { Agent, AgentPassword } from './agent.ts'
import type { AgentDirectory } from './directory.ts'
import type { SecondFactors } from './second-factors.ts'

export type AgentAuthentication =
  | { readonly outcome: 'authenticated'; readonly agent: Agent }
  /** `reason` is for the audit trail and logs; a caller of ours never learns it. */
  | {
      readonly outcome: 'refused'
      readonly reason: 'unknown' | 'wrong-password' | 'wrong-code' | 'blocked' | 'not-an-agent'
    }
  /** The password is right, and a code must come with it. */
  | { readonly outcome: 'second-factor-required'; readonly agent: Agent }
  | { readonly outcome: 'locked' | 'busy'; readonly retryAfterSeconds: number }

/** What checking an agent's password needs of a hasher. */
export type AgentPasswords = {
  /** @throws when there is no room to hash. */
  hash(password: string, lane?: string): Promise<AgentPassword>
  /** Without `stored` it takes as long as with it. */
  verify(password: string, stored: AgentPassword | undefined, lane?: string): Promise<AgentVerification>
}

export type AgentVerification =
  | { readonly outcome: 'match'; readonly needsRehash: boolean }
  | { readonly outcome: 'mismatch' }
  | { readonly outcome: 'busy'; readonly retryAfterSeconds: number }

export type AgentLoginContext = {
  readonly ip: string
  readonly clientId?: string
  readonly deviceId?: string
  /** The code of a second factor, where one was given. */
  readonly code?: string
  /** The door's own limit, beside lockout. */
  readonly throttle?: { readonly name: string; readonly attempts: number; readonly seconds: number }
}

/** What is asked of lockout: a place in its budgets, and what became of the attempt. */
export type AgentLockout = {
  reserve(account: string, secret: string, context: AgentLoginContext): Promise<AgentReservation>
}
export type AgentReservation = {
  readonly lockedForSeconds?: number
  settle(result: 'success' | 'failure' | 'unchecked'): Promise<void>
}

export type AuthenticateAgent = (
  login: string,
  password: string,
  context?: AgentLoginContext,
) => Promise<AgentAuthentication>

export type AuthenticateAgentDeps = {
  readonly agents: Pick<AgentDirectory, 'findByLogin' | 'replaceHash'>
  readonly passwords: AgentPasswords
  readonly secondFactors: Pick<SecondFactors, 'isRequired' | 'redeem'>
  /** With counters apart from those of customers: an address may be both. */
  readonly lockout: AgentLockout
}

const NOWHERE: AgentLoginContext = { ip: '' }

/**
 * Checks an agent's login and password, and the code of a second factor where there is one. Wrong codes count towards
 * lockout as wrong passwords do; a password without its code forgives nothing and costs nothing.
 */
export function createAuthenticateAgent(deps: AuthenticateAgentDeps): AuthenticateAgent {
  const { agents, passwords, lockout, secondFactors } = deps

  return async function authenticateAgent(login, password, context = NOWHERE) {
    const { lockedForSeconds: retryAfterSeconds, settle } = await lockout.reserve(login, password, context)
    if (retryAfterSeconds !== undefined) {
      await settle('unchecked')
      return { outcome: 'locked', retryAfterSeconds }
    }
    try {
      const authentication = await check(login, password, context)
      await settle(resultOf(authentication))
      return authentication
    } catch (error) {
      await settle('unchecked')
      throw error
    }
  }

  async function check(login: string, password: string, context: AgentLoginContext): Promise<AgentAuthentication> {
    const { ip: lane, code } = context
    const found = await agents.findByLogin(login)
    const verification = await passwords.verify(password, found?.password, lane)
    if (verification.outcome === 'busy') return verification
    if (!found) return { outcome: 'refused', reason: 'unknown' }
    if (verification.outcome === 'mismatch') return { outcome: 'refused', reason: 'wrong-password' }
    const { agent, password: current } = found
    if (agent.status !== 'active') return { outcome: 'refused', reason: 'blocked' }
    if (!agent.isAgent) return { outcome: 'refused', reason: 'not-an-agent' }
    if (verification.needsRehash && current) {
      // Nobody is kept out because there was no room to hash: the next login tries again.
      const next = await passwords.hash(password, lane).catch(() => undefined)
      if (next) await agents.replaceHash(agent.id, current, next)
    }
    if (!(await secondFactors.isRequired(agent.id))) return { outcome: 'authenticated', agent }
    if (code === undefined) return { outcome: 'second-factor-required', agent }
    const isRight = await secondFactors.redeem(agent.id, code)
    return isRight ? { outcome: 'authenticated', agent } : { outcome: 'refused', reason: 'wrong-code' }
  }
}

function resultOf({ outcome }: AgentAuthentication): 'success' | 'failure' | 'unchecked' {
  if (outcome === 'authenticated') return 'success'
  return outcome === 'refused' ? 'failure' : 'unchecked'
}
