import { timingSafeEqual } from 'node:crypto'
import { normalizePassword } from '../password-text.ts'
import type { StoredPassword } from '../stored-password.ts'

/** A way shops store passwords. One family is one file in this folder. */
export type PasswordScheme = {
  /** The tag rows carry. */
  readonly name: string
  /**
   * Why a row cannot be used, in words for the operator who imports it; undefined when it can. Also says no to rows whose
   * cost would burn our memory or time.
   */
  problem(stored: StoredPassword): string | undefined
  /** The forms of a typed password that the shop may have hashed, the likeliest first. */
  forms(password: string): string[]
  /** Trusts that `problem` found nothing. */
  matches(form: string, stored: StoredPassword): Promise<boolean>
  /** Of schemes that can be guessed by the billion; such rows are wrapped in argon2id. */
  readonly fast?: FastHash
}

export type FastHash = {
  /** Takes a row apart into the secret digest and what is needed to compute it again; undefined for a slow row. */
  split(stored: StoredPassword): SplitHash | undefined
  /** Computes the digest of `form` with the public `rest` of a row. */
  digest(form: string, rest: string): Promise<string>
}

export type SplitHash = { readonly digest: string; readonly rest: string }

/** The password as typed in NFC, then as the bytes came: shops hashed whatever the browser sent. */
export function plainForms(password: string): string[] {
  return unique([normalizePassword(password), password])
}

/** A scheme that has nothing but fast rows. `expects` completes "must be …". */
export function fastScheme(
  name: string,
  expects: string,
  fast: FastHash,
  forms: PasswordScheme['forms'] = plainForms,
): PasswordScheme {
  return {
    name,
    problem: (stored) => (fast.split(stored) ? undefined : `a ${name} hash must be ${expects}`),
    forms,
    matches: (form, stored) => matchesFast(fast, form, stored),
    fast,
  }
}

/** Checks a row that is still bare. */
export async function matchesFast(fast: FastHash, form: string, stored: StoredPassword): Promise<boolean> {
  const split = fast.split(stored)
  return split !== undefined && isSame(await fast.digest(form, split.rest), split.digest)
}

/** Compares digests without telling by time where they differ. */
export function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

export function unique(values: readonly string[]): string[] {
  return [...new Set(values)]
}
