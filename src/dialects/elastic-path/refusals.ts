import type { OAuthFailure } from '../dialect.ts'
import { detailOf } from './errors.ts'

/** What became of a sign-in that failed: the status it is answered with, and why in a few words. */
export type Refusal = { readonly status: number; readonly detail?: string; readonly retryAfterSeconds?: number }

const WRONG = 'The email address or password is incorrect.'

/**
 * A wrong password, an unknown login, a wrong code and an e-mail address that is not confirmed are one answer, with
 * the status the settings choose: at 401 the shop's SDK would send the password again and again.
 */
export function refusalOf(failure: OAuthFailure, refused: number): Refusal {
  const { error, status, authentication, retryAfterSeconds } = failure
  const later = retryAfterSeconds !== undefined && { retryAfterSeconds }
  if (status >= 500) return { status, ...detailOf(failure), ...later }
  if (authentication?.outcome === 'locked') {
    return { status: 429, detail: 'Too many attempts. Please try again later.', ...later }
  }
  if (error === 'invalid_grant') return { status: refused, detail: WRONG }
  // The client may not sign customers in: it lacks the grant type, or does not exist any more.
  return { status: 403 }
}
