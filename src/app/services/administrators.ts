import { createSignInAdministrator, type SignInAdministrator } from '../../admin/sign-in.ts'
import { type AdminTokens, createAdminTokens } from '../../administrators/admin-tokens.ts'
import { type AdministratorDirectory, createAdministratorDirectory } from '../../administrators/directory.ts'
import { type AdminSessions, createAdminSessions } from '../../administrators/sessions.ts'
import type { Config } from '../../config.ts'
import { createLockout } from '../../credentials/lockout/lockout.ts'
import { createLockoutOperations, type LockoutOperations } from '../../credentials/lockout/lockout-operations.ts'
import { lockoutPolicy } from '../../credentials/lockout/lockout-policy.ts'
import type { Backends } from '../backends.ts'

/** Who operates this server and how they get in. */
export type AdministratorServices = {
  readonly directory: AdministratorDirectory
  readonly adminTokens: AdminTokens
  readonly sessions: AdminSessions
  readonly lockoutOperations: LockoutOperations
  readonly signIn: SignInAdministrator
}

export type AdministratorBackends = Pick<Backends, 'database' | 'storage' | 'digestKey' | 'passwords' | 'auditTrail'>

/** What the admin API and the console know of administrators. */
export function createAdministratorServices(config: Config, backends: AdministratorBackends): AdministratorServices {
  const { database, storage, digestKey, passwords, auditTrail } = backends
  const policy = lockoutPolicy(config)
  const directory = createAdministratorDirectory(database)
  const sessions = createAdminSessions({ storage, administrators: directory })
  return {
    directory,
    adminTokens: createAdminTokens(database),
    sessions,
    lockoutOperations: createLockoutOperations({ storage, policy, realm: 'administrator' }),
    signIn: createSignInAdministrator({
      administrators: directory,
      sessions,
      passwords,
      lockout: createLockout({ storage, policy, digestKey, realm: 'administrator' }),
      audit: auditTrail.append,
    }),
  }
}
