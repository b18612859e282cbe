import { openApiRoute } from '../admin/openapi.ts'
import { auditRoutes } from '../admin/routes/audit-routes.ts'
import { clientRoutes } from '../admin/routes/client-routes.ts'
import { clientSecretRoutes } from '../admin/routes/client-secret-routes.ts'
import { grantRoutes } from '../admin/routes/grant-routes.ts'
import { healthRoutes } from '../admin/routes/health-routes.ts'
import { initialTokenRoutes } from '../admin/routes/initial-token-routes.ts'
import { issuerRoutes } from '../admin/routes/issuer-routes.ts'
import { keyRoutes } from '../admin/routes/key-routes.ts'
import { outboxRoutes } from '../admin/routes/outbox-routes.ts'
import { adminTokenRoutes } from '../admin/routes/people/admin-token-routes.ts'
import { administratorRoutes } from '../admin/routes/people/administrator-routes.ts'
import { agentRoutes } from '../admin/routes/people/agent-routes.ts'
import { companyRoutes } from '../admin/routes/people/company-routes.ts'
import { customerFactorRoutes } from '../admin/routes/people/customer-factor-routes.ts'
import { customerMoveRoutes } from '../admin/routes/people/customer-move-routes.ts'
import { customerRoutes } from '../admin/routes/people/customer-routes.ts'
import { lockoutRoutes } from '../admin/routes/people/lockout-routes.ts'
import { mandateRoutes } from '../admin/routes/people/mandate-routes.ts'
import { passkeyRoutes } from '../admin/routes/people/passkey-routes.ts'
import { registrationKeyRoutes } from '../admin/routes/people/registration-key-routes.ts'
import { secondFactorRoutes } from '../admin/routes/people/second-factor-routes.ts'
import { selfRoutes } from '../admin/routes/people/self-routes.ts'
import { selfSecondFactorRoutes } from '../admin/routes/people/self-second-factor-routes.ts'
import { signInLinkRoutes } from '../admin/routes/people/sign-in-link-routes.ts'
import { signOutRoutes } from '../admin/routes/people/sign-out-routes.ts'
import { reachProbeRoutes } from '../admin/routes/reach-probe-routes.ts'
import { resourceServerRoutes } from '../admin/routes/resource-server-routes.ts'
import type { Route } from '../admin/routes/route.ts'
import { secretRoutes } from '../admin/routes/secret-routes.ts'
import { streamRoutes } from '../admin/routes/stream-routes.ts'
import { supportAccessRoutes } from '../admin/routes/support-access-routes.ts'
import { tokenRoutes } from '../admin/routes/token-routes.ts'
import { clientDocumentRoutes } from '../admin/routes/unregistered/client-document-routes.ts'
import { upstreamRoutes } from '../admin/routes/upstream-routes.ts'
import { useRoutes } from '../admin/routes/use-routes.ts'
import type { Config } from '../config.ts'
import { createLockList } from '../credentials/lockout/lock-list.ts'
import { createCustomerOperations } from '../customers/records/customer-operations.ts'
import type { MountedDialect } from '../dialects/mounted-dialect.ts'
import { listNodes } from '../keys/ring/node-registry.ts'
import { validateClient } from '../oauth/clients/client-metadata.ts'
import { createEndTakenAway } from '../oauth/sign-outs/end-taken-away.ts'
import { createStreamState } from '../shared-signals/stream-state.ts'
import type { Backends } from './backends.ts'
import { createCollectPersonalData } from './personal-data.ts'
import type { AppParts } from './shared.ts'
import { readVersion } from './version.ts'

/** Everything the admin API can be asked for. */
export function createAdminRoutes({ ISSUER: issuer }: Pick<Config, 'ISSUER'>, parts: AppParts): Route[] {
  const routes = [
    ...administratorRoutesOf(parts),
    ...serverRoutesOf(parts),
    ...clientRoutesOf(parts),
    ...customerRoutesOf(issuer, parts),
    ...agentRoutesOf(parts),
    ...tokenRoutesOf(parts),
    ...lockoutRoutes({
      lockoutOperations: {
        customer: forgivingCodes(parts.services.customers),
        agent: parts.services.agents.lockoutOperations,
        administrator: parts.services.administrators.lockoutOperations,
      },
      lockList: createLockList(parts.backends),
      findPerson: {
        customer: async (login) =>
          (await parts.services.customers.directory.findByLogin(login).catch(() => undefined))?.customer.id, // the shop may be away
        agent: async (login) => (await parts.services.agents.directory.findByLogin(login))?.person.id,
        administrator: async (login) => (await parts.services.administrators.directory.findByLogin(login))?.person.id,
      },
    }),
    ...auditRoutes({
      auditTrail: parts.backends.auditTrail,
      findCustomer: parts.services.customers.records.findNamed,
      administrators: parts.services.administrators.directory,
    }),
  ]
  return [...routes, openApiRoute(routes)]
}

function administratorRoutesOf({ backends: { passwords, passwordPolicy }, services }: AppParts): Route[] {
  const { directory: administrators, adminTokens, sessions, factors, signIn } = services.administrators
  const self = { administrators, sessions, signInAdministrator: signIn }
  return [
    ...selfRoutes({ ...self, passwords, passwordPolicy }),
    ...selfSecondFactorRoutes({ ...self, factors }),
    ...administratorRoutes({ administrators, sessions, factors, adminTokens, passwords, passwordPolicy }),
    ...adminTokenRoutes({ adminTokens }),
  ]
}

/** Who lifts the locks of a customer's login makes up for wrong codes as well. */
function forgivingCodes({ lockoutOperations, directory, factors }: AppParts['services']['customers']) {
  return {
    ...lockoutOperations,
    async liftLogin(login: string): Promise<void> {
      await lockoutOperations.liftLogin(login)
      const found = await directory.findByLogin(login).catch(() => undefined) // the shop may be away
      if (found) await factors.factors.forgive(found.customer.id)
    },
  }
}

/** The server itself: how it is, and its keys and secrets. */
function serverRoutesOf({ backends, services, shared: { checks } }: AppParts): Route[] {
  const {
    database,
    keyRing,
    keyUsage,
    mailer,
    secrets,
    cookieKeysAreSet,
    dialectUses,
    grantTypeUses,
    outboxOperations,
  } = backends
  const { knex } = database
  return [
    ...healthRoutes({
      version: readVersion(),
      checks,
      keyRing,
      mailer,
      listNodes: () => listNodes(knex),
      databaseClock: () => readClock(knex),
    }),
    ...reachProbeRoutes({ reachProbes: services.reachProbes }),
    ...useRoutes({ dialectUses, grantTypeUses }),
    ...outboxRoutes({ outbox: outboxOperations }),
    ...keyRoutes({ keyRing, keyUsage, reseal: () => reseal(services) }),
    ...secretRoutes({ secrets, cookieKeysAreSet, clients: services.clients.registry }),
  ]
}

async function reseal({ customers, agents, administrators, upstreams, signals }: AppParts['services']): Promise<void> {
  await customers.factors.secondFactors.reseal()
  await agents.secondFactors.reseal()
  await administrators.factors.secondFactors.reseal()
  await upstreams.registry.reseal()
  await signals.rows.reseal()
}

function clientRoutesOf({ backends, services, engine }: AppParts): Route[] {
  const { registry: clients, resourceServers } = services.clients
  return [
    ...clientRoutes({
      clients,
      validate: (metadata) => validateClient(engine.current(), metadata, backends.mayCall),
      endSignIn: services.tokens.endSignIn,
    }),
    ...clientSecretRoutes({ clients }),
    ...clientDocumentRoutes({ ...services.documents, check: services.documents.documents.check }),
    ...initialTokenRoutes(services.selfRegistration),
    ...resourceServerRoutes({ resourceServers }),
    ...upstreamRoutes(services.upstreams),
    ...issuerRoutes(services.issuers),
    ...streamRoutes({
      ...services.signals,
      streamState: createStreamState({ knex: backends.database.knex, mailbox: services.signals.mailbox }),
    }),
  ]
}

function customerRoutesOf(issuer: string, { backends, services }: AppParts): Route[] {
  const { database, passwords, passwordPolicy, wrapping, auditTrail, tokenHistory } = backends
  const { customers, tokens } = services
  const { endSignIn } = tokens
  const endTakenAway = createEndTakenAway(endSignIn)
  const { findByReference: findCustomerByReference } = customers.directory
  const operations = createCustomerOperations({
    knex: database.knex,
    passwords,
    wrapping,
    signOut: (id, why, by) => endSignIn({ what: { of: 'customer', id }, why, by }),
    endTakenAway,
    announceMove: (change, by) => customers.emailChanges?.announce(change, 'by an import', by),
    tellChanged: customers.tellChanged,
    collect: createCollectPersonalData({
      auditTrail,
      tokenHistory,
      activeGrants: tokens.activeGrants,
      supportAccesses: services.support.accesses,
      mandates: services.mandates.mandates,
      factors: customers.factors.factors,
      clientLinks: backends.clientLinks,
    }),
  })
  return [
    ...customerRoutes({
      customerRecords: customers.records,
      emailChanges: customers.emailChanges,
      passwords,
      passwordPolicy,
      endSignIn,
      endTakenAway,
    }),
    ...(customers.factors.factors.isOffered
      ? [...customerFactorRoutes({ factors: customers.factors.factors, findCustomer: customers.records.find })]
      : []),
    ...passkeyRoutes({
      customerRecords: customers.records,
      passkeys: customers.passkeys?.ofCustomers,
      endSignIn,
    }),
    ...companyRoutes({ companyRecords: customers.companies, endTakenAway }),
    ...customerMoveRoutes({ operations }),
    ...registrationKeyRoutes({ registrationKeys: customers.registrationKeys, findCustomerByReference }),
    ...signInLinkRoutes({
      signInLinks: customers.signInLinks,
      findCustomerByReference,
      addressOf: (token) => hostedAddress(services.dialects, issuer, token),
    }),
  ]
}

function agentRoutesOf({ backends: { passwords, passwordPolicy }, services }: AppParts): Route[] {
  const { directory: agents, secondFactors } = services.agents
  const { endSignIn } = services.tokens
  return [
    ...agentRoutes({ agents, passwords, passwordPolicy, secondFactors, endSignIn }),
    ...secondFactorRoutes({ agents, secondFactors, endSignIn }),
    ...mandateRoutes({
      ...services.mandates,
      usage: services.mandates.spending.usage,
      findCustomer: services.customers.records.findNamed,
    }),
    ...supportAccessRoutes({
      accesses: services.support.accesses,
      activeGrants: services.tokens.activeGrants,
      findCustomer: services.customers.records.findNamed,
      isPermitted: async (customerId) =>
        !services.support.accesses.rules.isPermissionNeeded ||
        (await services.customers.findRecent(customerId))?.allowsSupport === true,
      administrators: services.administrators.directory,
    }),
  ]
}

function tokenRoutesOf({ backends: { auditTrail, tokenHistory, clientLinks }, services }: AppParts): Route[] {
  const { endSignIn, activeGrants, findRecorded } = services.tokens
  return [
    ...signOutRoutes({ endSignIn }),
    ...grantRoutes({ activeGrants, flushTrail: auditTrail.flush, links: clientLinks }),
    ...tokenRoutes({
      judgeToken: services.judgeToken,
      findRecorded,
      history: tokenHistory,
      findCustomer: services.customers.records.findNamed,
    }),
  ]
}

/** Epoch milliseconds. */
async function readClock(knex: Backends['database']['knex']): Promise<number> {
  const { rows } = await knex.raw<{ rows: { now: string }[] }>(
    'select extract(epoch from clock_timestamp()) * 1000 as now',
  )
  return Number(rows[0]?.now)
}

/** Where a link signs its customer in: at the endpoint of a dialect that begins sessions of the hosted pages. */
function hostedAddress(dialects: readonly MountedDialect[], issuer: string, token: string): string | undefined {
  for (const { dialect, basePath } of dialects) {
    const endpoint = dialect.routes.find((route) => 'isHosted' in route && route.isHosted)
    if (endpoint) return `${issuer}${basePath}${endpoint.path.replace(':token', token)}`
  }
  return undefined
}
