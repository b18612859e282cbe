import { createSignInAdministrator, type SignInAdministrator } from '../../admin/sign-in.ts'
import { type AdminTokens, createAdminTokens } from '../../administrators/admin-tokens.ts'
import { type AdministratorDirectory, createAdministratorDirectory } from '../../administrators/directory.ts'
import {
  ADMINISTRATOR_RECOVERY_CODES,
  ADMINISTRATOR_SECOND_FACTORS,
  type AdministratorFactors,
} from '../../administrators/second-factors.ts'
import { type AdminSessions, createAdminSessions } from '../../administrators/sessions.ts'
import type { Config } from '../../config.ts'
import { createLockout } from '../../credentials/lockout/lockout.ts'
import { createLockoutOperations, type LockoutOperations } from '../../credentials/lockout/lockout-operations.ts'
import { lockoutPolicy } from '../../credentials/lockout/lockout-policy.ts'
import { createRecoveryCodes, withRecoveryCodes } from '../../credentials/recovery-codes.ts'
import { createSecondFactors } from '../../credentials/second-factors.ts'
import type { Backends } from '../backends.ts'

/** Who operates this server and how they get in. */
export type AdministratorServices = {
  readonly directory: AdministratorDirectory
  readonly adminTokens: AdminTokens
  readonly sessions: AdminSessions
  readonly lockoutOperations: LockoutOperations
  readonly signIn: SignInAdministrator
  readonly factors: AdministratorFactors
}

export type AdministratorBackends = Pick<
  Backends,
  'database' | 'storage' | 'digestKey' | 'secondFactorSealing' | 'passwords' | 'auditTrail'
>

/** What the admin API and the console know of administrators. */
export function createAdministratorServices(config: Config, backends: AdministratorBackends): AdministratorServices {
  const { database, storage, digestKey, passwords, auditTrail } = backends
  const policy = lockoutPolicy(config)
  const directory = createAdministratorDirectory(database)
  const factors = createFactors(config, backends)
  const sessions = createAdminSessions({ storage, administrators: directory })
  return {
    directory,
    adminTokens: createAdminTokens(database),
    sessions,
    factors,
    lockoutOperations: createLockoutOperations({ storage, policy, realm: 'administrator' }),
    signIn: createSignInAdministrator({
      administrators: directory,
      sessions,
      secondFactors: withRecoveryCodes(factors.secondFactors, factors.recoveryCodes),
      passwords,
      lockout: createLockout({ storage, policy, digestKey, realm: 'administrator' }),
      audit: auditTrail.append,
    }),
  }
}

function createFactors(
  config: Config,
  { database: { knex }, secondFactorSealing: sealing }: AdministratorBackends,
): AdministratorFactors {
  return {
    secondFactors: createSecondFactors({ knex, table: ADMINISTRATOR_SECOND_FACTORS, sealing, issuer: config.ISSUER }),
    recoveryCodes: createRecoveryCodes({ knex, table: ADMINISTRATOR_RECOVERY_CODES }),
    areRequired: config.ADMINISTRATOR_SECOND_FACTOR === 'required',
  }
}
