import { brandName, type Config } from '../config.ts'
import { selectDialects } from '../dialects/index.ts'
import type { MountedDialect } from '../dialects/mounted-dialect.ts'
import type { Pages } from '../interaction/pages.ts'
import type { Log } from '../log.ts'
import { createJudgeAccount } from '../oauth/accounts/account.ts'
import { accountClient } from '../oauth/browser/account-client.ts'
import { ownResource } from '../oauth/clients/own-resource.ts'
import { createReachProbes, type ReachProbes } from '../oauth/engine/reach-probes.ts'
import { createJudgeToken, type JudgeToken } from '../oauth/tokens/token-verdict.ts'
import { type CibaServices, createCibaServices } from './approvals/ciba-services.ts'
import type { Backends } from './backends.ts'
import { type AccountServices, createAccountServices } from './services/account.ts'
import { type AdministratorServices, createAdministratorServices } from './services/administrators.ts'
import { type AgentServices, createAgentServices } from './services/agents.ts'
import { type BackChannelServices, createBackChannelServices } from './services/back-channel.ts'
import { type ClientServices, createClientServices } from './services/clients.ts'
import { type CustomerServices, createCustomerServices } from './services/customers.ts'
import { createIssuerServices, type IssuerServices } from './services/issuers.ts'
import { openLoginKeys } from './services/login-keys.ts'
import { createMandateServices, type MandateServices } from './services/mandates.ts'
import { createRevocationServices, type RevocationServices } from './services/revocations.ts'
import { createSignalServices, type SignalServices } from './services/signals.ts'
import { createSupportServices, type SupportServices, supportRules } from './services/support.ts'
import { createTokenServices, type TokenServices } from './services/tokens.ts'
import { createDocumentServices, type DocumentServices } from './services/unregistered-clients/client-documents.ts'
import {
  createSelfRegistrationServices,
  type SelfRegistrationServices,
} from './services/unregistered-clients/self-registration.ts'
import { createUpstreamServices, type UpstreamServices } from './services/upstreams.ts'

/** What the rules of the domain are to every endpoint, by area. */
export type Services = {
  readonly dialects: readonly MountedDialect[]
  readonly clients: ClientServices
  readonly selfRegistration: SelfRegistrationServices
  /** Clients that metadata documents describe. */
  readonly documents: DocumentServices
  readonly tokens: TokenServices
  readonly customers: CustomerServices
  /** Public keys of those who may mint login tokens. */
  readonly loginKeys: ReturnType<typeof openLoginKeys>
  readonly agents: AgentServices
  readonly administrators: AdministratorServices
  readonly support: SupportServices
  readonly account: AccountServices
  /** Approval on another device. */
  readonly ciba: CibaServices
  readonly mandates: MandateServices
  /** Providers at which customers sign in. */
  readonly upstreams: UpstreamServices
  /** Others whose assertions about people are taken for tokens. */
  readonly issuers: IssuerServices
  /** Tells clients of sign-outs. */
  readonly backChannel: BackChannelServices
  /** Who is told of what ends and changes. */
  readonly signals: SignalServices
  /** The one verdict on a token, with people as they are now. */
  readonly judgeToken: JudgeToken
  readonly reachProbes: ReachProbes
  readonly pages: Pages
  readonly revocations: RevocationServices
}

/** One of each service, made of the backends; each area is a file in `services/`. */
export function createServices(config: Config, log: Log, backends: Backends): Services {
  const dialects = selectDialects(config)
  const builtIn = dialects.flatMap(({ dialect }) => dialect.resourceServers)
  const { database, storage, metrics } = backends
  const tokens = createTokenServices(config, backends, builtIn)
  const ownClients = [accountClient(config.ISSUER, brandName(config))]
  backends.onSignInEnded(async ({ why, accountId }) => {
    if (why === 'erased' && accountId !== undefined) await tokens.sessionIndex.forget(accountId)
  })
  const documents = createDocumentServices(config, backends, tokens)
  backends.onSignInEnded(async ({ why, accountId }) => {
    if (why === 'erased' && accountId !== undefined) await backends.clientLinks.forget(accountId)
  })
  const clients = createClientServices({
    database,
    storage,
    builtIn,
    ownResource: ownResource(config.ISSUER),
    ownClients,
    log,
    findElse: documents.documents.find,
  })
  documents.connect(clients.registry)
  const upstreams = createUpstreamServices(config, backends, { log, ...tokens })
  const issuers = createIssuerServices(config, backends, { log, findClient: clients.findClient })
  const customers = createCustomerServices(config, backends, {
    log,
    nameOfIssuer: issuers.registry.nameOf,
    findClient: clients.findClient,
    ...tokens,
    upstreams: upstreams.registry,
  })
  const agents = createAgentServices(config, backends)
  const support = createSupportServices(config, backends, tokens)
  const mandates = createMandateServices(config, backends, { clients, tokens, customers })
  const account = createAccountServices(config, backends, { clients, tokens, customers, support, mandates })
  return {
    dialects,
    clients,
    selfRegistration: createSelfRegistrationServices(config, backends, clients),
    documents,
    tokens,
    customers,
    agents,
    upstreams,
    issuers,
    signals: createSignalServices(config, backends, { clients, customers, agents }),
    administrators: createAdministratorServices(config, backends),
    support,
    mandates,
    backChannel: createBackChannelServices(backends, clients),
    account,
    ciba: createCibaServices(config, backends, { log, clients, customers, account }),
    judgeToken: createJudgeToken({
      findToken: tokens.findToken,
      clientState: clients.registry.stateOf,
      judgeAccount: createJudgeAccount({
        findCustomer: customers.findCurrent,
        findAgent: agents.findActive,
        cutOffs: tokens.cutOffs,
        endRefused: tokens.endRefused,
        isSupportPermissionNeeded: supportRules(config).isPermissionNeeded,
      }),
      metrics,
      log,
    }),
    loginKeys: openLoginKeys(config, backends.keyRing.keys),
    reachProbes: createReachProbes({ storage }),
    pages: backends.branding.pages,
    revocations: createRevocationServices(config, backends),
  }
}
