import type { Authentication } from '../customers/authenticate.ts'
import type { LoginProblem } from './views/sign-in.ts'

type Refused =
  | Exclude<Authentication, { readonly outcome: 'authenticated' | 'second-factor-required' }>
  | { readonly outcome: 'locked'; readonly retryAfterSeconds: number }

type LoginForm = {
  /** What a page that is shown again may repeat: never the password. */
  readonly values: { readonly login: string; readonly remember: boolean }
  readonly missing: readonly ('login' | 'password')[]
}

/** The login form's fields, and which of them are empty. Phones add a blank after a completed e-mail address. */
export function readLogin(form: Readonly<Record<string, string>>): LoginForm {
  const login = (form.login ?? '').trim()
  const missing = [login ? [] : (['login'] as const), form.password ? [] : (['password'] as const)].flat()
  return { values: { login, remember: form.remember === 'yes' }, missing }
}

/**
 * How the page answers a login that did not succeed. Every refusal reads the same, whatever its reason; that an
 * e-mail address is unconfirmed is told only with the right password.
 */
export function refusedLogin(refused: Refused): { status: number; problem: LoginProblem; waitSeconds?: number } {
  switch (refused.outcome) {
    case 'refused':
      return { status: 422, problem: 'wrong' }
    case 'unconfirmed':
      return { status: 422, problem: 'unconfirmed' }
    case 'locked':
      return { status: 429, problem: 'locked', waitSeconds: Math.ceil(refused.retryAfterSeconds) }
    case 'busy':
      return {
        status: 503,
        problem: refused.isServiceAway ? 'away' : 'busy',
        waitSeconds: Math.ceil(refused.retryAfterSeconds),
      }
  }
}
