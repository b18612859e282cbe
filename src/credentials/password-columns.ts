import type { StoredPassword } from './stored-password.ts'

/** A stored password as every table of people keeps it. */
export type PasswordColumns = {
  readonly password_scheme: string | null
  readonly password_hash: string | null
  readonly password_salt: string | null
}

/** What a row gets when a password is set or hashed anew. */
export function passwordColumns({ scheme, hash, salt }: StoredPassword) {
  return { password_scheme: scheme, password_hash: hash, password_salt: salt ?? null }
}

/** The password of a row, as a property to spread; none where none is stored. */
export function passwordOf(row: PasswordColumns): { readonly password?: StoredPassword } {
  const { password_scheme: scheme, password_hash: hash, password_salt: salt } = row
  if (scheme === null || hash === null) return {}
  return { password: { scheme, hash, ...(salt !== null && { salt }) } }
}
