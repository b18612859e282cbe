import type { Context } from 'koa'
import { normalizePassword } from '../../credentials/password-text.ts'
import type { PasswordRefusal } from '../../customers/recovery/recovery-password-change.ts'
import type { PasswordProblem } from '../page-views.ts'
import type { Form } from '../standalone-forms.ts'

/** What is wrong with the two fields of a new password, before the policy checks the password. */
export function passwordProblem({ password, repeated }: Form): 'missing' | 'differs' | undefined {
  if (!password) return 'missing'
  // Typed on two keyboards, the same letter may have two spellings.
  return normalizePassword(password) === normalizePassword(repeated ?? '') ? undefined : 'differs'
}

type Refused =
  | { readonly outcome: 'refused'; readonly reason: PasswordRefusal | 'missing' | 'differs' }
  | { readonly outcome: 'busy'; readonly retryAfterSeconds: number }

/** How a page answers a password that was not taken. */
export function refusedPassword(ctx: Context, refused: Refused): { status: number; problem: PasswordProblem } {
  if (refused.outcome === 'refused') return { status: 422, problem: refused.reason }
  ctx.set('Retry-After', String(Math.ceil(refused.retryAfterSeconds)))
  return { status: 503, problem: 'busy' }
}
