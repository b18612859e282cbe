import { isAgentPlatform } from '../../clients/agent-platform.ts'
import type { Config } from '../../config.ts'
import { outgoingNetworks } from '../../config.ts'
import { companyUserOwner } from '../../customers/companies/company-user-owner.ts'
import { isActiveCompanyUser, permissionsOf } from '../../customers/customer.ts'
import { agentIdOf } from '../../oauth/accounts/agent-account.ts'
import { STREAM_SCOPES } from '../../oauth/clients/own-resource.ts'
import { createSignSet } from '../../oauth/tokens/sign-set.ts'
import { type AddressProblem, createAddressProblem } from '../../outgoing/guarded-fetch.ts'
import { createExclusionRows, type ExclusionRows } from '../../shared-signals/exclusion-rows.ts'
import type { FactSource } from '../../shared-signals/facts.ts'
import { createHoldBack } from '../../shared-signals/hold-back.ts'
import { createMailWaiters, type MailWaiters } from '../../shared-signals/mail-waiters.ts'
import { createMailbox, type Mailbox } from '../../shared-signals/mailbox.ts'
import { setClaims } from '../../shared-signals/set-claims.ts'
import type { SetPayload } from '../../shared-signals/signal.ts'
import { createStreamRows, type StreamRows } from '../../shared-signals/stream-rows.ts'
import { createStreams, type Streams } from '../../shared-signals/streams.ts'
import type { Backends } from '../backends.ts'
import type { AgentServices } from './agents.ts'
import type { ClientServices } from './clients.ts'
import type { CustomerServices } from './customers.ts'

/** Shared Signals: streams, and what their receivers are told. */
export type SignalServices = {
  readonly streams: Streams
  readonly rows: StreamRows
  readonly exclusions: ExclusionRows
  readonly mailbox: Mailbox
  readonly waiters: MailWaiters
  readonly facts: FactSource
  readonly signSet: (payload: SetPayload, clientId: string) => Promise<string>
  /** Whether a client is enabled and has the scope of streams, so that it may be told anything. */
  readonly mayReceive: (clientId: string) => Promise<boolean>
  /** Whether a client may be told of an account: a platform whose agents act for people only of those who let it in. */
  readonly mayHearOf: (clientId: string, accountId: string) => Promise<boolean>
  readonly addressProblem: AddressProblem
}

export type SignalDeps = {
  readonly clients: Pick<ClientServices, 'registry' | 'findClient'>
  readonly customers: Pick<CustomerServices, 'directory' | 'passwordChange'>
  readonly agents: Pick<AgentServices, 'directory'>
}

export function createSignalServices(
  config: Config,
  { database: { knex }, storage, outbox, keyRing, clientLinks, signalSealing: sealing }: Backends,
  { clients, customers, agents }: SignalDeps,
): SignalServices {
  const rows = createStreamRows({ knex, sealing })
  const mailbox = createMailbox({ knex })
  const sign = createSignSet(keyRing.keys)
  return {
    rows,
    mailbox,
    exclusions: createExclusionRows({ knex }),
    streams: createStreams({ knex, rows, mailbox, outbox, holdBack: createHoldBack() }),
    waiters: createMailWaiters(storage),
    facts: createFacts(knex, { customers, agents }),
    signSet: (payload, audience) => sign(setClaims(payload, { issuer: config.ISSUER, audience })),
    async mayReceive(clientId) {
      if ((await clients.registry.stateOf(clientId)) !== 'enabled') return false
      return (await clients.findClient(clientId))?.resource_scopes?.includes(STREAM_SCOPES.manage) === true
    },
    mayHearOf: async (clientId, accountId) =>
      !isAgentPlatform(await clients.findClient(clientId)) || clientLinks.isLinked(accountId, clientId),
    addressProblem: createAddressProblem({ allowedNetworks: outgoingNetworks(config) }),
  }
}

const NO_COMPANY = { id_company_user: null, company_roles: [], permissions: [] }

/** People as they are now. Where the shop keeps the customers, it is not asked of each. */
function createFacts(
  knex: Backends['database']['knex'],
  { customers, agents }: Omit<SignalDeps, 'clients'>,
): FactSource {
  return {
    async findAccount(accountId) {
      const agentId = agentIdOf(accountId)
      if (agentId !== undefined) {
        const agent = await agents.directory.findById(agentId)
        return { isErased: agent === undefined, email: agent?.email, companyClaims: () => ({}) }
      }
      if (customers.passwordChange === undefined) return undefined
      const customer = await customers.directory.findById(accountId)
      return {
        isErased: customer === undefined || customer.status === 'anonymised',
        email: customer?.email,
        companyClaims(companyUserId) {
          const companyUser = customer?.companyUsers.find(({ id }) => id === companyUserId)
          if (!companyUser || !isActiveCompanyUser(companyUser)) return NO_COMPANY
          return {
            id_company_user: companyUser.id,
            company_roles: companyUser.roles.map(({ name }) => name),
            permissions: permissionsOf(companyUser).map(({ key }) => key),
          }
        },
      }
    },
    async findCompanyUser(id) {
      const owner = await companyUserOwner(knex, id)
      return owner && { accountId: owner.customerId, companyId: owner.companyId }
    },
  }
}
