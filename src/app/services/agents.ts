import type { Agent } from '../../agents/agent.ts'
import { type AuthenticateAgent, createAuthenticateAgent } from '../../agents/authenticate.ts'
import { type AgentDirectory, createAgentDirectory } from '../../agents/directory.ts'
import { AGENT_SECOND_FACTORS } from '../../agents/second-factors.ts'
import type { Config } from '../../config.ts'
import { createLockout, type Lockout } from '../../credentials/lockout/lockout.ts'
import { createLockoutOperations, type LockoutOperations } from '../../credentials/lockout/lockout-operations.ts'
import { lockoutPolicy } from '../../credentials/lockout/lockout-policy.ts'
import { throttleLogins } from '../../credentials/lockout/login-throttle.ts'
import { createSecondFactors, type SecondFactors } from '../../credentials/second-factors.ts'
import { watchAgentLogins } from '../../oauth/accounts/watch-logins.ts'
import type { Backends } from '../backends.ts'

/** Agents of the back office and how they sign in. */
export type AgentServices = {
  readonly directory: AgentDirectory
  /** An agent who may act; undefined for one who is blocked or is no agent any more. */
  readonly findActive: (id: string) => Promise<Agent | undefined>
  readonly secondFactors: SecondFactors
  readonly lockout: Lockout
  readonly lockoutOperations: LockoutOperations
  readonly authenticate: AuthenticateAgent
}

export type AgentBackends = Pick<
  Backends,
  'database' | 'storage' | 'digestKey' | 'secondFactorSealing' | 'passwords' | 'auditTrail' | 'metrics'
>

/** What the endpoints know of agents. */
export function createAgentServices(config: Config, backends: AgentBackends): AgentServices {
  const { database, storage, digestKey, secondFactorSealing: sealing } = backends
  const policy = lockoutPolicy(config)
  const directory = createAgentDirectory(database)
  const secondFactors = createSecondFactors({
    knex: database.knex,
    table: AGENT_SECOND_FACTORS,
    sealing,
    issuer: config.ISSUER,
  })
  const lockout = createLockout({ storage, policy, digestKey, realm: 'agent' })
  return {
    directory,
    findActive: async (id) => whoMayAct(await directory.findById(id)),
    secondFactors,
    lockout,
    lockoutOperations: createLockoutOperations({ storage, policy, realm: 'agent' }),
    authenticate: createAgentLogin(backends, { directory, secondFactors, lockout }),
  }
}

/** The check of a login in its layers: the endpoint's throttle goes before the password, and every outcome is seen. */
function createAgentLogin(
  { storage, passwords, auditTrail, metrics }: AgentBackends,
  { directory: agents, secondFactors, lockout }: Pick<AgentServices, 'directory' | 'secondFactors' | 'lockout'>,
): AuthenticateAgent {
  const checked = createAuthenticateAgent({ agents, passwords, secondFactors, lockout })
  const findPerson = async (login: string) => (await agents.findByLogin(login))?.person.id
  const throttled = throttleLogins(checked, { storage, findPerson })
  return watchAgentLogins(throttled, auditTrail.append, metrics)
}

function whoMayAct(agent: Agent | undefined): Agent | undefined {
  return agent?.status === 'active' && agent.isAgent ? agent : undefined
}
