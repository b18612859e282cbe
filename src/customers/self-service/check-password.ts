import type { LoginContext } from '../../credentials/lockout/lockout.ts'
import type { Authenticate } from '../authenticate.ts'
import type { PasswordChecked } from './outcomes.ts'

/** The check of a sign-in, where nobody is signed in; `checkLogin` has its lockout and its audit. */
export function createCheckPassword({ checkLogin }: { readonly checkLogin: Authenticate }) {
  return async function checkPassword(
    login: string,
    password: string,
    context: LoginContext,
  ): Promise<PasswordChecked> {
    const checked = await checkLogin(login, password, context)
    if (checked.outcome === 'locked' || checked.outcome === 'busy') return checked
    return checked.outcome === 'authenticated'
      ? { outcome: 'right', customer: checked.customer }
      : { outcome: 'wrong-password' }
  }
}
