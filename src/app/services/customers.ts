import type { Config } from '../../config.ts'
import { createLockout, type Lockout } from '../../credentials/lockout/lockout.ts'
import { createLockoutOperations, type LockoutOperations } from '../../credentials/lockout/lockout-operations.ts'
import { lockoutPolicy } from '../../credentials/lockout/lockout-policy.ts'
import type { Authenticate } from '../../customers/authenticate.ts'
import type { Customer } from '../../customers/customer.ts'
import type { Directory } from '../../customers/directory.ts'
import { createSignInByIdentity, type SignInByIdentity } from '../../customers/linked-accounts/identity-sign-in.ts'
import {
  createIssuerSubjects,
  type IssuerSubjects,
  issuerOfLink,
} from '../../customers/linked-accounts/issuer-subjects.ts'
import { createLinkRows, type LinkRows } from '../../customers/linked-accounts/link-rows.ts'
import { createLinkedAccounts, type LinkedAccounts } from '../../customers/linked-accounts/linked-accounts.ts'
import type { OneTimePasswords } from '../../customers/one-time-passwords.ts'
import { createProofs, type Proofs } from '../../customers/proof.ts'
import { createRecentCustomers, type TellChanged } from '../../customers/recent-customers.ts'
import { type CompanyRecords, createCompanyRecords } from '../../customers/records/company-records.ts'
import { type CustomerRecords, createCustomerRecords } from '../../customers/records/customer-records.ts'
import { createMailBudgets } from '../../customers/recovery/recovery-budgets.ts'
import type { RecoveryServices } from '../../customers/recovery/recovery-services.ts'
import { createRegistrationKeys, type RegistrationKeys } from '../../customers/recovery/registration-keys.ts'
import { createCheckFactor } from '../../customers/second-factor/direct-check.ts'
import { createNoSelfService } from '../../customers/self-service/no-self-service.ts'
import { createSelfService, type SelfService } from '../../customers/self-service/self-service.ts'
import { createSignInLinks, type SignInLinks } from '../../customers/sign-in-links.ts'
import { type CustomerSource, type DirectoryName, selectCustomerSource } from '../../customers/sources/index.ts'
import type { ReportedFailure } from '../../customers/sources/shop-failure.ts'
import { type Database, QUERY_LIMIT_MS } from '../../database/database.ts'
import { createGather } from '../../gather.ts'
import { currentRequest } from '../../http/request-id.ts'
import type { Log } from '../../log.ts'
import type { SignOutCutOffs } from '../../oauth/sign-out-cut-offs.ts'
import type { EndSignIn } from '../../oauth/sign-outs/end-sign-in.ts'
import type { UpstreamRegistry } from '../../upstreams/registry.ts'
import type { Backends } from '../backends.ts'
import {
  createFactorServices,
  type FactorBackends,
  type FactorServices,
  type FactorServicesDeps,
} from './customer-factors.ts'
import { createCodeLogin, createLogin } from './customer-logins.ts'
import { createPasskeyServices, type PasskeyServices } from './passkeys.ts'
import { createPostLetter, createRecovery, noteAccountEvents, type RecoveryBackends } from './recovery.ts'
import { createCustomerWaysIn } from './ways-in.ts'

/** The people who shop, and every way in which they sign in. */
export type CustomerServices = {
  readonly directory: Directory
  /** As the directory's, but perhaps remembered for a moment: for what every request asks. */
  readonly findRecent: (id: string) => Promise<Customer | undefined>
  /** As they are now, changes on other nodes included. */
  readonly findCurrent: (id: string) => Promise<Customer | undefined>
  readonly tellChanged: TellChanged
  readonly proofs: Proofs
  readonly records: CustomerRecords
  readonly companies: CompanyRecords
  readonly lockout: Lockout
  readonly lockoutOperations: LockoutOperations
  readonly authenticate: Authenticate
  readonly factors: FactorServices
  readonly oneTimePasswords: OneTimePasswords
  readonly signInLinks: SignInLinks
  readonly registrationKeys: RegistrationKeys
  /** For the endpoints of shops. */
  readonly selfService: SelfService
  /** Accounts at sign-in providers, and what a sign-in there means here. */
  readonly linkedAccounts: LinkedAccounts
  readonly upstreamLinks: LinkRows
  readonly signInByIdentity: SignInByIdentity
  /** People of trusted issuers. */
  readonly issuerSubjects: IssuerSubjects
  /** Recovery, registration and the like: undefined where passwords are not ours, or no mail can be sent. */
  readonly recovery: RecoveryServices | undefined
  /** Undefined where customers are not ours. */
  readonly emailChanges: RecoveryServices['emailChanges'] | undefined
  /** Undefined where customers are not ours, or there are no passkeys. */
  readonly passkeys: PasskeyServices | undefined
  /** Undefined where passwords are not ours. */
  readonly passwordChange: RecoveryServices['passwordChange'] | undefined
}

export type CustomerBackends = RecoveryBackends & FactorBackends & Pick<Backends, 'metrics' | 'refusal'>

const MOST_TOGETHER = 100

/** Requests that come together look their customers up together: a question costs the database more than a row of it. */
function gatherLookups({ directory, findAllById }: CustomerSource, database: Database): Directory['findById'] {
  if (!findAllById) return directory.findById
  const load = (ids: readonly string[]) => database.answeringWithin(QUERY_LIMIT_MS, () => findAllById(ids))
  return createGather(load, { most: MOST_TOGETHER })
}

export type CustomerServicesDeps = {
  readonly log: Log
  readonly endSignIn: EndSignIn
  readonly cutOffs: SignOutCutOffs
  readonly findClient: FactorServicesDeps['findClient']
  readonly upstreams: Pick<UpstreamRegistry, 'find' | 'usable'>
  readonly nameOfIssuer: (id: string) => string | undefined
}

/** What the endpoints know of customers. */
export function createCustomerServices(
  config: Config,
  backends: CustomerBackends,
  { log, endSignIn, cutOffs, findClient, upstreams, nameOfIssuer }: CustomerServicesDeps,
): CustomerServices {
  const { storage, digestKey, passwords, mailer, auditTrail } = backends
  const { knex } = backends.database
  const policy = lockoutPolicy(config)
  const onProblem = (customer: string, problem: string) => log.warn({ event: 'password.unusable', customer, problem })
  const source = selectCustomerSource(config, { knex, passwords, onProblem, onFailure: noteFailures(log, backends) })
  const { directory, keepsPasswords } = source
  const findNow = gatherLookups(source, backends.database)
  const recent = createRecentCustomers({ findById: findNow, storage })
  const { tellChanged } = recent
  const findRecent = source.remembers ? directory.findById : recent.find
  const lockout = createLockout({ storage, policy, digestKey })
  const isSignedOut = (accountId: string, sinceMs: number) => cutOffs.isBefore({ accountId }, sinceMs)
  const budgets = createMailBudgets({ storage, lockout, exemptsLoopback: policy.exemptsLoopback })
  const proofs = createProofs({ directory, isSignedOut })
  const factors = createFactorServices(config, backends, { budgets, isSignedOut, findClient, keepsPasswords })
  const checkFactor = createCheckFactor(factors.factors)
  const postLetter = createPostLetter(backends.branding, mailer)
  const waysIn = createCustomerWaysIn(config, backends, {
    directory,
    factors: factors.factors,
    upstreams,
    keepsPasswords,
  })
  const passkeys = keepsPasswords
    ? createPasskeyServices(config, backends, { directory, waysIn, endSignIn })
    : undefined
  const upstreamLinks = createLinkRows({ knex })
  const linkedAccounts = createLinkedAccounts({
    links: upstreamLinks,
    directory,
    waysIn,
    nameOf: (id) => upstreams.find(id)?.upstream.name ?? nameOfIssuer(issuerOfLink(id) ?? '') ?? id,
    note: (type, customerId, reason) => auditTrail.append({ type, customerId, reason }),
    postLetter,
  })
  const { connect, afterRecovery: onRecovering } = linkedAccounts
  const links = { connect, onRecovering, keepPasskeys: passkeys?.ofCustomers.keepOnly }
  const recovery = keepsPasswords
    ? createRecovery(backends, {
        ...links,
        directory,
        proofs,
        budgets,
        lockout,
        endSignIn,
        tellChanged,
        postLetter,
      })
    : undefined
  const note = noteAccountEvents(auditTrail, tellChanged)
  const registrationKeys = createRegistrationKeys({ knex, onConfirmed: (customerId) => note('confirmed', customerId) })
  const records = createCustomerRecords({ knex, tellChanged })
  const { authenticate, checkPassword, checkLogin } = createLogin(backends, { source, lockout, onProblem, checkFactor })
  return {
    directory,
    findRecent,
    // The embedded database is changed by this process alone, which forgets whom it changes.
    findCurrent: backends.database.isEmbedded ? findRecent : findNow,
    tellChanged,
    proofs,
    records,
    companies: createCompanyRecords({ knex, tellChanged }),
    lockout,
    lockoutOperations: createLockoutOperations({ storage, policy, realm: 'customer' }),
    authenticate,
    factors,
    oneTimePasswords: createCodeLogin(backends, {
      checkFactor,
      directory,
      proofs,
      budgets,
      lockout,
      postLetter,
      redeemResetKey: recovery?.recovery.redeemFor,
    }),
    signInLinks: createSignInLinks({
      storage,
      proofs,
      audience: config.ISSUER,
      allowsReuse: config.SIGN_IN_LINK_REUSABLE,
    }),
    registrationKeys,
    linkedAccounts,
    upstreamLinks,
    issuerSubjects: createIssuerSubjects({ links: upstreamLinks, directory, rows: recovery?.rows }),
    signInByIdentity: createSignInByIdentity({
      links: upstreamLinks,
      directory,
      proofs,
      rows: recovery?.rows,
      registration: mailer.isOffered ? recovery?.registration : undefined,
    }),
    selfService: recovery
      ? createSelfService({
          knex,
          directory,
          records,
          recovery,
          registrationKeys,
          tellChanged,
          proofs,
          authenticate: checkPassword,
          checkLogin,
          endSignIns: (id) => endSignIn({ what: { of: 'customer', id }, why: 'erased' }),
          note: auditTrail.append,
          isRegistrationOpen: config.REGISTRATION === 'open',
          needsConfirmation: config.REGISTRATION_CONFIRMATION === 'required',
          canMail: mailer.isOffered,
          confirmationPage: config.SHOP_CONFIRMATION_URL,
          resetPage: config.SHOP_PASSWORD_RESET_URL,
        })
      : createNoSelfService({ registrationKeys, directory, checkLogin }),
    recovery: mailer.isOffered ? recovery : undefined,
    passkeys,
    passwordChange: recovery?.passwordChange,
    emailChanges: recovery?.emailChanges,
  }
}

/** Each failure of the shop's service is one line and one count. */
function noteFailures(log: Log, { metrics }: Pick<Backends, 'metrics'>) {
  return (directory: DirectoryName, failure: ReportedFailure) => {
    metrics.customerServiceFailures.inc({ directory, kind: failure.kind })
    log.warn({ event: 'customer-service.failed', directory, ...failure, requestId: currentRequest()?.requestId })
  }
}
