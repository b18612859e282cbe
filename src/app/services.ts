import { createSignInAdministrator } from '../admin/sign-in.ts'
import { createAdminTokens } from '../administrators/admin-tokens.ts'
import { createAdministratorDirectory } from '../administrators/directory.ts'
import { createAdminSessions } from '../administrators/sessions.ts'
import type { Agent } from '../agents/agent.ts'
import { createAuthenticateAgent } from '../agents/authenticate.ts'
import { createAgentDirectory } from '../agents/directory.ts'
import { findSignIns } from '../audit/sign-ins.ts'
import { createClientRegistry } from '../clients/registry.ts'
import { createResourceServerRegistry } from '../clients/resource-servers.ts'
import type { Config } from '../config.ts'
import { createLockout } from '../credentials/lockout/lockout.ts'
import { createLockoutOperations } from '../credentials/lockout/lockout-operations.ts'
import { lockoutPolicy } from '../credentials/lockout/lockout-policy.ts'
import { throttleLogins } from '../credentials/lockout/login-throttle.ts'
import { createSecondFactors } from '../credentials/second-factors.ts'
import { createAuthenticate } from '../customers/authenticate.ts'
import { createOneTimePasswords } from '../customers/one-time-passwords.ts'
import { createCompanyRecords } from '../customers/records/company-records.ts'
import { createCustomerRecords } from '../customers/records/customer-records.ts'
import { type AccountEvent, createRecoveryServices } from '../customers/recovery/recovery-services.ts'
import { createRegistrationKeys } from '../customers/recovery/registration-keys.ts'
import { createSignInLinks } from '../customers/sign-in-links.ts'
import { selectCustomerSource } from '../customers/sources/index.ts'
import { selectDialects } from '../dialects/index.ts'
import { createLetters } from '../interaction/letters.ts'
import { createPages } from '../interaction/pages.ts'
import type { Log } from '../log.ts'
import { watchAgentLogins, watchLogins } from '../oauth/accounts/watch-logins.ts'
import { createReachProbes } from '../oauth/engine/reach-probes.ts'
import { createRefreshTokens } from '../oauth/refresh/refresh-tokens.ts'
import { createSignOutCutOffs } from '../oauth/sign-out-cut-offs.ts'
import { createActiveGrants } from '../oauth/sign-outs/active-grants.ts'
import { verifyStructured } from '../oauth/tokens/structured-tokens.ts'
import { createFindToken } from '../oauth/tokens/token-status.ts'
import type { Backends } from './backends.ts'

export type Services = ReturnType<typeof createServices>

/** The embedded database answers one question at a time: more logins under way would only lengthen the line. */
const EMBEDDED_LOGINS = 2

/** What the rules of the domain are to every endpoint: one of each, made of the backends. */
export function createServices(
  config: Config,
  log: Log,
  {
    metrics,
    database: { knex, isEmbedded },
    storage,
    keyRing,
    auditTrail,
    keyUsage,
    tokenKeys,
    digestKey,
    secondFactorSealing,
    passwords,
    passwordPolicy,
    mailer,
  }: Backends,
) {
  const dialects = selectDialects(config)
  const builtIn = dialects.flatMap(({ dialect }) => dialect.resourceServers)
  const clients = createClientRegistry({ knex, storage })
  const onProblem = (customer: string, problem: string) => log.warn({ customer, problem }, 'a password cannot be used')
  const { directory, keepsPasswords, ...elsewhere } = selectCustomerSource(config, { knex, passwords, onProblem })
  const lockout = createLockout({ storage, policy: lockoutPolicy(config), digestKey })
  const agentLockout = createLockout({ storage, policy: lockoutPolicy(config), digestKey, realm: 'agent' })
  const administratorLockout = createLockout({
    storage,
    policy: lockoutPolicy(config),
    digestKey,
    realm: 'administrator',
  })
  const agents = createAgentDirectory({ knex })
  const administrators = createAdministratorDirectory({ knex })
  const sessions = createAdminSessions({ storage, administrators })
  const secondFactors = createSecondFactors({ knex, sealing: secondFactorSealing, issuer: config.ISSUER })
  const cutOffs = createSignOutCutOffs(storage)
  const note = (event: AccountEvent, customerId: string) =>
    auditTrail.append({
      type: event === 'unblocked' ? 'lockout.lifted' : 'customer.registered',
      customerId,
      reason: event,
    })
  const writeLetter = createLetters({ issuer: config.ISSUER })
  const recoveryServices = createRecoveryServices({
    knex,
    storage,
    directory,
    passwords,
    policy: passwordPolicy,
    lockout,
    signOut: async (customerId) => {
      await cutOffs.set({ of: 'customer', id: customerId }, Date.now())
      auditTrail.append({ type: 'password.changed', customerId, reason: 'by the customer' })
      auditTrail.append({ type: 'sign-out-everywhere', customerId, reason: 'the password was changed' })
    },
    note,
    postLetter: (write) =>
      mailer.post(async () => {
        const letter = await write()
        return letter && writeLetter(letter)
      }),
  })
  const oneTimePasswords = createOneTimePasswords({ storage, directory, lockout, digestKey, postMail: mailer.post })
  const refreshTokens = createRefreshTokens({ storage, macKeys: tokenKeys })
  const verify = (value: string) =>
    verifyStructured(value, {
      keys: keyRing.keys(),
      issuer: config.ISSUER,
      now: Math.floor(Date.now() / 1000),
      onSeen: keyUsage.seen,
    })
  return {
    dialects,
    builtIn,
    clients,
    findClient: async (clientId: string) => (await clients.find(clientId))?.metadata,
    resourceServers: createResourceServerRegistry({ knex, storage, builtIn }),
    directory,
    /** Recovery, registration and the like: undefined where passwords are not ours, or no mail can be sent. */
    recoveryServices: keepsPasswords && mailer.isOffered ? recoveryServices : undefined,
    passwordChange: keepsPasswords ? recoveryServices.passwordChange : undefined,
    passwords,
    passwordPolicy,
    authenticate: watchLogins(
      throttleLogins(
        createAuthenticate({
          directory,
          passwords,
          lockout,
          ...elsewhere,
          ...(keepsPasswords && { policy: passwordPolicy }),
          ...(isEmbedded && { loginsAtOnce: EMBEDDED_LOGINS }),
          onProblem,
        }),
        { storage },
      ),
      auditTrail.append,
      metrics,
    ),
    reachProbes: createReachProbes({ storage }),
    companyRecords: createCompanyRecords({ knex }),
    customerRecords: createCustomerRecords({ knex }),
    lockoutOperations: {
      customer: createLockoutOperations({ storage, policy: lockoutPolicy(config), realm: 'customer' }),
      agent: createLockoutOperations({ storage, policy: lockoutPolicy(config), realm: 'agent' }),
      administrator: createLockoutOperations({ storage, policy: lockoutPolicy(config), realm: 'administrator' }),
    },
    activeGrants: createActiveGrants({ storage, cutOffs, findSignIns: (filter) => findSignIns(knex, filter) }),
    lockouts: { customer: lockout, agent: agentLockout, administrator: administratorLockout },
    administrators,
    adminTokens: createAdminTokens({ knex }),
    sessions,
    signInAdministrator: createSignInAdministrator({
      administrators,
      sessions,
      passwords,
      lockout: administratorLockout,
      audit: auditTrail.append,
    }),
    agents,
    findAgent: async (id: string) => whoMayAct(await agents.findById(id)),
    secondFactors,
    authenticateAgent: watchAgentLogins(
      throttleLogins(createAuthenticateAgent({ agents, passwords, secondFactors, lockout: agentLockout }), { storage }),
      auditTrail.append,
      metrics,
    ),
    registrationKeys: createRegistrationKeys({ knex, onConfirmed: (customerId) => note('confirmed', customerId) }),
    oneTimePasswords: {
      ...oneTimePasswords,
      authenticate: watchLogins(oneTimePasswords.authenticate, auditTrail.append, metrics, 'one-time-password'),
    },
    signInLinks: createSignInLinks({ storage, audience: config.ISSUER, allowsReuse: config.SIGN_IN_LINK_REUSABLE }),
    cutOffs,
    refreshTokens,
    findToken: createFindToken({ storage, refreshTokens, cutOffs, verify }),
    metrics,
    audit: auditTrail.append,
    pages: createPages({ publicPath: new URL(config.ISSUER).pathname.replace(/\/$/, '') }),
  }
}

/** An agent who was blocked or is no agent any more is nobody here. */
function whoMayAct(agent: Agent | undefined): Agent | undefined {
  return agent?.status === 'active' && agent.isAgent ? agent : undefined
}
