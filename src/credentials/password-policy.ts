import type { BreachedPasswords } from './breached-passwords.ts'
import { normalizeEmail } from './email.ts'
import { normalizePassword } from './password-text.ts'

export type PasswordPolicy = {
  /** Judges a password that a person wants to use. Costs no hashing of ours. */
  review(password: string, login?: string): Promise<PasswordReview>
  readonly minLength: number
  readonly maxLength: number
}

export type PasswordReview =
  | { readonly outcome: 'accepted' }
  | { readonly outcome: 'refused'; readonly reason: 'too-short' | 'too-long' | 'same-as-login' | 'breached' }

export type PasswordPolicyDeps = {
  /** In characters. */
  readonly minLength?: number
  readonly maxLength?: number
  readonly breached?: BreachedPasswords
}

/**
 * Length and known breaches, nothing else: rules about digits and capitals make passwords worse
 * (NIST SP 800-63B §5.1.1.2).
 */
export function createPasswordPolicy(deps: PasswordPolicyDeps = {}): PasswordPolicy {
  const { minLength = 8, maxLength = 128, breached } = deps
  const refused = (reason: Extract<PasswordReview, { outcome: 'refused' }>['reason']) =>
    ({ outcome: 'refused', reason }) as const

  return {
    minLength,
    maxLength,
    async review(password, login) {
      const normalized = normalizePassword(password)
      // A character takes two units of a string at most: what is far too long is not counted.
      if (normalized.length > 2 * maxLength) return refused('too-long')
      const length = [...normalized].length
      if (length < minLength) return refused('too-short')
      if (length > maxLength) return refused('too-long')
      if (login !== undefined && isLike(normalized, login)) return refused('same-as-login')
      if (await breached?.includes(normalized)) return refused('breached')
      return { outcome: 'accepted' }
    },
  }
}

function isLike(password: string, login: string): boolean {
  const address = normalizeEmail(login)
  return [address, address.split('@', 1)[0]].includes(normalizeEmail(password))
}
