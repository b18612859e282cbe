import type { Knex } from 'knex'
import { passwordOf } from '../../credentials/password-columns.ts'
import type { Passwords } from '../../credentials/passwords.ts'
import { isUuid } from '../../database/uuid.ts'
import type { SchemeUse } from './migration-status.ts'

export type PasswordState = {
  /** Missing for a customer without a password here. */
  readonly scheme?: string
  readonly state: SchemeUse['state']
}

type Deps = { readonly knex: Knex; readonly passwords: Pick<Passwords, 'needsWrapping'> }

/** How the password of a customer, by id or reference, is kept; undefined when there is no such customer. */
export async function readPasswordState(
  { knex, passwords }: Deps,
  customer: string,
): Promise<PasswordState | undefined> {
  const columns = ['password_scheme', 'password_hash', 'password_salt']
  const byId = isUuid(customer) ? await knex('customers').where({ id: customer }).first(columns) : undefined
  const row = byId ?? (await knex('customers').where({ customer_reference: customer }).first(columns))
  if (!row) return undefined
  const { password } = passwordOf(row)
  if (!password) return { state: 'none' }
  const { scheme } = password
  if (scheme === 'argon2id') return { scheme, state: 'current' }
  if (scheme.startsWith('argon2id(')) return { scheme, state: 'wrapped' }
  return { scheme, state: passwords.needsWrapping(password) ? 'bare' : 'legacy' }
}
