import type { Lockout } from '../../credentials/lockout/lockout.ts'
import { throttleLogins } from '../../credentials/lockout/login-throttle.ts'
import { type Authenticate, type AuthenticateDeps, createAuthenticate } from '../../customers/authenticate.ts'
import {
  createOneTimePasswords,
  type OneTimePasswordDeps,
  type OneTimePasswords,
} from '../../customers/one-time-passwords.ts'
import type { CheckFactor } from '../../customers/second-factor/direct-check.ts'
import type { CustomerSource } from '../../customers/sources/index.ts'
import { watchLogins } from '../../oauth/accounts/watch-logins.ts'
import type { Backends } from '../backends.ts'

/** The embedded database answers one question at a time: more logins under way would only lengthen the line. */
const EMBEDDED_LOGINS = 2

export type LoginBackends = Pick<
  Backends,
  'database' | 'storage' | 'digestKey' | 'passwords' | 'passwordPolicy' | 'refusal' | 'auditTrail' | 'metrics'
>

type LoginDeps = {
  readonly source: CustomerSource
  readonly lockout: Lockout
  readonly onProblem: (customerReference: string, problem: string) => void
  readonly checkFactor: CheckFactor
}

type Login = {
  readonly authenticate: Authenticate
  /** The same check where it does not sign in: the audit trail tells them apart. */
  readonly checkPassword: Authenticate
  readonly checkLogin: Authenticate
}

/** The check of a login in its layers: the endpoint's throttle goes before the password, and every outcome is seen. */
export function createLogin(backends: LoginBackends, { source, lockout, onProblem, checkFactor }: LoginDeps): Login {
  const { database, storage, passwords, passwordPolicy, refusal, auditTrail, metrics } = backends
  const deps: AuthenticateDeps = {
    directory: source.directory,
    passwords,
    lockout,
    refusal,
    ...(source.signInElsewhere && { signInElsewhere: source.signInElsewhere }),
    ...(source.keepsPasswords && { policy: passwordPolicy }),
    ...(database.isEmbedded && { loginsAtOnce: EMBEDDED_LOGINS }),
    onProblem,
  }
  const findPerson = async (login: string) => (await source.directory.findByLogin(login))?.customer.id
  const throttled = throttleLogins(createAuthenticate({ ...deps, checkFactor }), { storage, findPerson })
  // Who is signed in already has shown it.
  const passwordOnly = throttleLogins(createAuthenticate(deps), { storage, findPerson })
  return {
    authenticate: watchLogins(throttled, auditTrail.append, metrics),
    checkPassword: watchLogins(passwordOnly, auditTrail.append, metrics, 'the current password, to set another'),
    checkLogin: watchLogins(throttled, auditTrail.append, metrics, 'the password alone, for no token'),
  }
}

/** Codes by mail, whose logins are seen like those by password. */
export function createCodeLogin(
  { storage, digestKey, auditTrail, metrics }: LoginBackends,
  services: Pick<
    OneTimePasswordDeps,
    'directory' | 'proofs' | 'budgets' | 'lockout' | 'postLetter' | 'redeemResetKey' | 'checkFactor'
  >,
): OneTimePasswords {
  const codes = createOneTimePasswords({ ...services, storage, digestKey })
  const watched = (authenticate: Authenticate, way: string) =>
    watchLogins(throttleLogins(authenticate, { storage }), auditTrail.append, metrics, way)
  return {
    request: codes.request,
    authenticate: watched(codes.authenticate, 'one-time-password'),
    authenticateByResetKey: watched(codes.authenticateByResetKey, 'the key of a letter'),
  }
}
