import type { PasswordPolicy } from '../../../credentials/password-policy.ts'
import type { Passwords } from '../../../credentials/passwords.ts'
import { Problem } from '../../problem.ts'

const REASONS = {
  'too-short': 'is too short',
  'too-long': 'is too long',
  'same-as-login': 'is the e-mail address',
  breached: 'is on lists that attackers try first',
}

/**
 * A new password that the policy accepts, hashed.
 *
 * @throws {Problem} 400 with what is wrong with it.
 */
export async function acceptPassword(
  deps: { readonly passwords: Pick<Passwords, 'hash'>; readonly passwordPolicy: PasswordPolicy },
  password: string,
  login: string,
) {
  const { passwords, passwordPolicy } = deps
  if (/\p{Cc}/u.test(password)) {
    const fix = 'no form could send it. Is there a line break too many?'
    throw new Problem(400, 'password-refused', `The password has a control character: ${fix}`)
  }
  const review = await passwordPolicy.review(password, login)
  if (review.outcome === 'accepted') return passwords.hash(password)
  const { minLength, maxLength } = passwordPolicy
  const detail = `The password ${REASONS[review.reason]}; choose another of ${minLength} to ${maxLength} characters.`
  throw new Problem(400, 'password-refused', detail)
}
