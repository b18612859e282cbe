import type { Administrator } from '../administrators/administrator.ts'
import type { AdministratorDirectory } from '../administrators/directory.ts'
import type { AdminSessions } from '../administrators/sessions.ts'
import type { Audit } from '../audit/events.ts'
import { createPasswordCheck, type PasswordCheckDeps } from '../credentials/password-check.ts'
import { checkSecondFactor, type SecondFactorStep } from '../credentials/second-factor-step.ts'
import type { SecondFactors } from '../credentials/second-factors.ts'
import { whoseAttempt } from '../credentials/whose-attempt.ts'

export type AdminSignIn =
  /** `session` is a bearer value; it may live until `expiresAt` (epoch seconds), an hour without use. */
  | {
      readonly outcome: 'signed-in'
      readonly session: string
      readonly expiresAt: number
      readonly administrator: Administrator
    }
  /** The only reason that a caller is given. */
  | { readonly outcome: 'refused' }
  /** The password is right, and the code of the second factor is missing. */
  | { readonly outcome: 'second-factor-required' }
  | { readonly outcome: 'locked' | 'busy'; readonly retryAfterSeconds: number }

export type SignInAdministrator = (
  email: string,
  password: string,
  context: { readonly ip: string; readonly requestId: string; readonly code?: string },
) => Promise<AdminSignIn>

export type SignInDeps = Pick<PasswordCheckDeps<Administrator, never, Admitted>, 'passwords' | 'lockout'> & {
  readonly administrators: Pick<AdministratorDirectory, 'findByLogin' | 'replaceHash'>
  readonly sessions: Pick<AdminSessions, 'open'>
  readonly secondFactors: Pick<SecondFactors, 'isRequired' | 'redeem'>
  readonly audit: Audit
}

type Admitted =
  | { readonly outcome: 'authenticated'; readonly administrator: Administrator; readonly provedAtMs: number }
  | Exclude<SecondFactorStep, { readonly outcome: 'authenticated' }>

/** Signs an administrator in, for the admin API and the console alike. */
export function createSignInAdministrator(deps: SignInDeps): SignInAdministrator {
  const { administrators, sessions, secondFactors, passwords, lockout, audit } = deps
  const check = createPasswordCheck({
    passwords,
    lockout,
    find: administrators.findByLogin,
    replaceHash: administrators.replaceHash,
    whyRefused: ({ status }) => (status === 'active' ? undefined : ('blocked' as const)),
    async admit({ person: administrator }, _password, { code, startedAtMs }): Promise<Admitted> {
      const step = await checkSecondFactor(secondFactors, administrator.id, code)
      return step.outcome === 'authenticated' ? { outcome: step.outcome, administrator, provedAtMs: startedAtMs } : step
    },
  })

  return async function signInAdministrator(email, password, { ip, requestId, code }) {
    const checked = await check(email, password, { ip, ...(code !== undefined && { code }) })
    if (checked.outcome === 'authenticated') {
      const { administrator, provedAtMs } = checked
      audit({ type: 'administrator.signed-in', actor: `administrator:${administrator.id}`, ip, requestId })
      return { outcome: 'signed-in', administrator, ...(await sessions.open(administrator, provedAtMs)) }
    }
    if (checked.outcome === 'second-factor-required') return checked
    const administratorId = whoseAttempt(checked)
    audit({
      type: 'administrator.refused',
      ...(administratorId !== undefined && { actor: `administrator:${administratorId}` }),
      reason: 'reason' in checked ? checked.reason : checked.outcome,
      ip,
      requestId,
    })
    return 'retryAfterSeconds' in checked ? checked : { outcome: 'refused' }
  }
}
