import type { Config } from '../../config.ts'
import { createLockout, type Lockout } from '../../credentials/lockout/lockout.ts'
import { createLockoutOperations, type LockoutOperations } from '../../credentials/lockout/lockout-operations.ts'
import { lockoutPolicy } from '../../credentials/lockout/lockout-policy.ts'
import { throttleLogins } from '../../credentials/lockout/login-throttle.ts'
import { type Authenticate, createAuthenticate } from '../../customers/authenticate.ts'
import type { Customer } from '../../customers/customer.ts'
import type { Directory } from '../../customers/directory.ts'
import {
  createOneTimePasswords,
  type OneTimePasswordDeps,
  type OneTimePasswords,
} from '../../customers/one-time-passwords.ts'
import { createProofs, type Proofs } from '../../customers/proof.ts'
import { createRecentCustomers, type TellChanged } from '../../customers/recent-customers.ts'
import { type CompanyRecords, createCompanyRecords } from '../../customers/records/company-records.ts'
import { type CustomerRecords, createCustomerRecords } from '../../customers/records/customer-records.ts'
import { createMailBudgets } from '../../customers/recovery/recovery-budgets.ts'
import type { RecoveryServices } from '../../customers/recovery/recovery-services.ts'
import { createRegistrationKeys, type RegistrationKeys } from '../../customers/recovery/registration-keys.ts'
import { createNoSelfService } from '../../customers/self-service/no-self-service.ts'
import { createSelfService, type SelfService } from '../../customers/self-service/self-service.ts'
import { createSignInLinks, type SignInLinks } from '../../customers/sign-in-links.ts'
import { type CustomerSource, type DirectoryName, selectCustomerSource } from '../../customers/sources/index.ts'
import type { ReportedFailure } from '../../customers/sources/shop-failure.ts'
import { currentRequest } from '../../http/request-id.ts'
import type { Log } from '../../log.ts'
import { watchLogins } from '../../oauth/accounts/watch-logins.ts'
import type { SignOutCutOffs } from '../../oauth/sign-out-cut-offs.ts'
import type { EndSignIn } from '../../oauth/sign-outs/end-sign-in.ts'
import type { Backends } from '../backends.ts'
import { createRecovery, noteAccountEvents, type RecoveryBackends } from './recovery.ts'

/** The people who shop, and every way in which they sign in. */
export type CustomerServices = {
  readonly directory: Directory
  /** As the directory's, but perhaps remembered for a moment: for what every request asks. */
  readonly findRecent: (id: string) => Promise<Customer | undefined>
  readonly tellChanged: TellChanged
  readonly proofs: Proofs
  readonly records: CustomerRecords
  readonly companies: CompanyRecords
  readonly lockout: Lockout
  readonly lockoutOperations: LockoutOperations
  readonly authenticate: Authenticate
  readonly oneTimePasswords: OneTimePasswords
  readonly signInLinks: SignInLinks
  readonly registrationKeys: RegistrationKeys
  /** For the endpoints of shops. */
  readonly selfService: SelfService
  /** Recovery, registration and the like: undefined where passwords are not ours, or no mail can be sent. */
  readonly recovery: RecoveryServices | undefined
  /** Undefined where customers are not ours. */
  readonly emailChanges: RecoveryServices['emailChanges'] | undefined
  /** Undefined where passwords are not ours. */
  readonly passwordChange: RecoveryServices['passwordChange'] | undefined
}

export type CustomerBackends = RecoveryBackends & Pick<Backends, 'digestKey' | 'metrics' | 'refusal'>

export type CustomerServicesDeps = {
  readonly log: Log
  readonly endSignIn: EndSignIn
  readonly cutOffs: SignOutCutOffs
}

/** The embedded database answers one question at a time: more logins under way would only lengthen the line. */
const EMBEDDED_LOGINS = 2

/** What the endpoints know of customers. */
export function createCustomerServices(
  config: Config,
  backends: CustomerBackends,
  { log, endSignIn, cutOffs }: CustomerServicesDeps,
): CustomerServices {
  const { storage, digestKey, passwords, mailer, auditTrail } = backends
  const { knex } = backends.database
  const policy = lockoutPolicy(config)
  const onProblem = (customer: string, problem: string) => log.warn({ event: 'password.unusable', customer, problem })
  const source = selectCustomerSource(config, { knex, passwords, onProblem, onFailure: noteFailures(log, backends) })
  const { directory, keepsPasswords } = source
  const recent = createRecentCustomers({ findById: directory.findById, storage })
  const { tellChanged } = recent
  const lockout = createLockout({ storage, policy, digestKey })
  const isSignedOut = (accountId: string, sinceMs: number) => cutOffs.isBefore({ accountId }, sinceMs)
  const budgets = createMailBudgets({ storage, lockout, exemptsLoopback: policy.exemptsLoopback })
  const proofs = createProofs({ directory, isSignedOut })
  const recovery = keepsPasswords
    ? createRecovery(config, backends, { directory, proofs, budgets, lockout, endSignIn, tellChanged })
    : undefined
  const note = noteAccountEvents(auditTrail, tellChanged)
  const registrationKeys = createRegistrationKeys({ knex, onConfirmed: (customerId) => note('confirmed', customerId) })
  const records = createCustomerRecords({ knex, tellChanged })
  const { authenticate, checkPassword, checkLogin } = createLogin(backends, { source, lockout, onProblem })
  return {
    directory,
    findRecent: source.remembers ? directory.findById : recent.find,
    tellChanged,
    proofs,
    records,
    companies: createCompanyRecords({ knex, tellChanged }),
    lockout,
    lockoutOperations: createLockoutOperations({ storage, policy, realm: 'customer' }),
    authenticate,
    oneTimePasswords: createCodeLogin(backends, {
      directory,
      proofs,
      budgets,
      lockout,
      redeemResetKey: recovery?.recovery.redeemFor,
    }),
    signInLinks: createSignInLinks({
      storage,
      proofs,
      audience: config.ISSUER,
      allowsReuse: config.SIGN_IN_LINK_REUSABLE,
    }),
    registrationKeys,
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

type LoginDeps = {
  readonly source: CustomerSource
  readonly lockout: Lockout
  readonly onProblem: (customerReference: string, problem: string) => void
}

type Login = {
  readonly authenticate: Authenticate
  /** The same check where it signs nobody in: the trail tells them apart. */
  readonly checkPassword: Authenticate
  readonly checkLogin: Authenticate
}

/** The check of a login in its layers: the endpoint's throttle goes before the password, and every outcome is seen. */
function createLogin(backends: CustomerBackends, { source, lockout, onProblem }: LoginDeps): Login {
  const { database, storage, passwords, passwordPolicy, refusal, auditTrail, metrics } = backends
  const checked = createAuthenticate({
    directory: source.directory,
    passwords,
    lockout,
    refusal,
    ...(source.signInElsewhere && { signInElsewhere: source.signInElsewhere }),
    ...(source.keepsPasswords && { policy: passwordPolicy }),
    ...(database.isEmbedded && { loginsAtOnce: EMBEDDED_LOGINS }),
    onProblem,
  })
  const findPerson = async (login: string) => (await source.directory.findByLogin(login))?.customer.id
  const throttled = throttleLogins(checked, { storage, findPerson })
  return {
    authenticate: watchLogins(throttled, auditTrail.append, metrics),
    checkPassword: watchLogins(throttled, auditTrail.append, metrics, 'the current password, to set another'),
    checkLogin: watchLogins(throttled, auditTrail.append, metrics, 'the password alone, for no token'),
  }
}

/** Codes by mail, whose logins are seen like those by password. */
function createCodeLogin(
  { storage, digestKey, mailer, auditTrail, metrics }: CustomerBackends,
  services: Pick<OneTimePasswordDeps, 'directory' | 'proofs' | 'budgets' | 'lockout' | 'redeemResetKey'>,
): OneTimePasswords {
  const codes = createOneTimePasswords({ ...services, storage, digestKey, postMail: mailer.post })
  const watched = (authenticate: Authenticate, way: string) =>
    watchLogins(throttleLogins(authenticate, { storage }), auditTrail.append, metrics, way)
  return {
    request: codes.request,
    authenticate: watched(codes.authenticate, 'one-time-password'),
    authenticateByResetKey: watched(codes.authenticateByResetKey, 'the key of a letter'),
  }
}
