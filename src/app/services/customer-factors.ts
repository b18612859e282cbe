import type { Config } from '../../config.ts'
import { createEnrolments } from '../../credentials/enrolments.ts'
import { createFactorGuard } from '../../credentials/factor-guard.ts'
import { createLockout } from '../../credentials/lockout/lockout.ts'
import { createLockoutOperations } from '../../credentials/lockout/lockout-operations.ts'
import { type LockoutPolicy, lockoutPolicy } from '../../credentials/lockout/lockout-policy.ts'
import { createRecoveryCodes } from '../../credentials/recovery-codes.ts'
import { createRememberedDevices, type RememberedDevicesDeps } from '../../credentials/remembered-devices.ts'
import { createSecondFactors, type SecondFactors } from '../../credentials/second-factors.ts'
import type { MailBudgets } from '../../customers/recovery/recovery-budgets.ts'
import {
  CUSTOMER_RECOVERY_CODES,
  CUSTOMER_REMEMBERED_DEVICES,
  CUSTOMER_SECOND_FACTORS,
  type CustomerFactors,
  createCustomerFactors,
} from '../../customers/second-factor/customer-factors.ts'
import type { ClientWish } from '../../customers/second-factor/factor-need.ts'
import { createMailedCodes } from '../../customers/second-factor/mailed-codes.ts'
import type { Backends } from '../backends.ts'
import { createPostLetter } from './recovery.ts'

export type FactorBackends = Pick<
  Backends,
  'branding' | 'database' | 'storage' | 'digestKey' | 'secondFactorSealing' | 'mailer' | 'auditTrail'
>

export type FactorServicesDeps = {
  readonly budgets: MailBudgets
  readonly isSignedOut: RememberedDevicesDeps['isSignedOut']
  readonly findClient: (clientId: string) => Promise<ClientWish | undefined>
  /** Second factors are kept where the passwords are. */
  readonly keepsPasswords: boolean
}

export type FactorServices = { readonly factors: CustomerFactors; readonly secondFactors: SecondFactors }

const REALM = 'customer-factor'
const DAY_SECONDS = 86_400

/** The second factors of customers, with their limits, letters and audit entries. */
export function createFactorServices(
  config: Config,
  {
    branding,
    database: { knex },
    storage,
    digestKey,
    secondFactorSealing: sealing,
    mailer,
    auditTrail,
  }: FactorBackends,
  { budgets, isSignedOut, findClient, keepsPasswords }: FactorServicesDeps,
): FactorServices {
  const issuer = config.ISSUER
  const policy = guardPolicy(lockoutPolicy(config))
  const kept = createSecondFactors({ knex, table: CUSTOMER_SECOND_FACTORS, sealing, issuer })
  const secondFactors: SecondFactors = keepsPasswords ? kept : { ...kept, isRequired: async () => false }
  const postLetter = createPostLetter(branding, mailer)
  const factors = createCustomerFactors({
    isOffered: keepsPasswords,
    remembersDevices: keepsPasswords && config.SECOND_FACTOR_REMEMBER_DAYS > 0,
    rules: {
      isRequired: config.SECOND_FACTOR === 'required',
      roles: config.SECOND_FACTOR_ROLES,
      allowsMail: config.SECOND_FACTOR_MAIL === 'allowed' && mailer.isOffered,
    },
    findClient,
    secondFactors,
    recoveryCodes: createRecoveryCodes({ knex, table: CUSTOMER_RECOVERY_CODES }),
    enrolments: createEnrolments({ secondFactors, sealing, issuer }),
    devices: createRememberedDevices({
      knex,
      table: CUSTOMER_REMEMBERED_DEVICES,
      ttlSeconds: config.SECOND_FACTOR_REMEMBER_DAYS * DAY_SECONDS,
      isSignedOut,
    }),
    guard: createFactorGuard({
      lockout: createLockout({ storage, policy, digestKey, realm: REALM }),
      lockoutOperations: createLockoutOperations({ storage, policy, realm: REALM }),
      storage,
      realm: REALM,
    }),
    ...(mailer.isOffered && { mailedCodes: createMailedCodes({ storage, budgets, postLetter, digestKey }) }),
    postLetter,
    note: (type, customerId, reason) =>
      auditTrail.append({
        type,
        customerId,
        ...(reason !== undefined && { reason }),
      }),
  })
  return { factors, secondFactors }
}

/** A code is short: five wrong ones from one network, and ten from all of them. */
function guardPolicy(policy: LockoutPolicy): LockoutPolicy {
  return {
    ...policy,
    login: { ...policy.login, attempts: Math.min(5, policy.login.attempts) },
    account: { ...policy.account, attempts: Math.min(10, policy.account.attempts) },
  }
}
