import type { StoredPassword } from '../stored-password.ts'
import { argon2Problem, hashArgon2id, isOutdated, matchesArgon2 } from './argon2.ts'
import type { PasswordScheme } from './scheme.ts'

const WRAPPED = /^argon2id\(.+\)$/

/** The tag of a scheme's rows once they are wrapped: `argon2id(magento)`. */
export function wrappedName(scheme: PasswordScheme): string {
  return `argon2id(${scheme.name})`
}

/**
 * Hides a fast hash inside argon2id: the row keeps the salt it needs to compute the shop's digest again, and an
 * argon2id hash of that digest. Undefined for rows that are slow already.
 */
export async function wrap(scheme: PasswordScheme, stored: StoredPassword): Promise<StoredPassword | undefined> {
  const split = scheme.fast?.split(stored)
  if (!split) return undefined
  return { scheme: wrappedName(scheme), hash: await hashArgon2id(split.digest), salt: split.rest }
}

/** The wrapped twin of a scheme that has fast rows. */
export function wrappedScheme(scheme: PasswordScheme): PasswordScheme {
  return {
    name: wrappedName(scheme),
    problem: ({ hash }) => argon2Problem(hash, ['argon2id']),
    forms: (password) => scheme.forms(password),
    async matches(form, { hash, salt }) {
      const digest = await scheme.fast?.digest(form, salt ?? '')
      return digest !== undefined && matchesArgon2(digest, hash)
    },
  }
}

/** Rows whose refusal costs exactly one of our own argon2id verifications. */
export function isOurArgon2id({ scheme, hash }: StoredPassword): boolean {
  return scheme === 'argon2id' && argon2Problem(hash, ['argon2id']) === undefined && !isOutdated(hash)
}

/** Tells by its tag that a row's fast hash is inside argon2id already. */
export function isWrapped({ scheme }: StoredPassword): boolean {
  return WRAPPED.test(scheme)
}
