import type { Knex } from 'knex'
import { HashingBusyError, type Passwords } from '../../credentials/passwords.ts'
import type { Directory } from '../directory.ts'
import { upsertCustomers } from '../import/write-customers.ts'
import type { SignInElsewhere } from '../sign-in-elsewhere.ts'
import type { HttpDirectory } from './http-directory.ts'

export type LazyMigrationDeps = {
  readonly knex: Knex
  /** Ours, where customers move to. */
  readonly directory: Directory
  readonly legacy: Pick<HttpDirectory, 'signInForRecord'>
  readonly passwords: Pick<Passwords, 'hash'>
  /** A customer who signed in there and could not be taken over, and why. */
  readonly onProblem?: (customerReference: string, reason: string) => void
}

/**
 * Moves customers one by one, when they sign in: a login we do not know (or know without a password) is tried at
 * the shop we migrate from, and on success the customer moves here with a hash of our own.
 */
export function createLazyMigration(deps: LazyMigrationDeps): SignInElsewhere {
  const { knex, directory, legacy, passwords, onProblem = () => {} } = deps

  return async function signInElsewhere(login, password) {
    const signedIn = await legacy.signInForRecord(login, password)
    if (signedIn.outcome !== 'match') return signedIn
    const { password: _theirs, ...record } = signedIn.record
    const known = await directory.findByReference(record.customerReference)
    if (known && known.status !== 'active') return { outcome: 'match', customer: known }
    const hashed = await hash(password)
    if (hashed.outcome === 'unavailable') return hashed
    // Who has an account here keeps it: only the password comes over.
    const [written] = known ? [{ outcome: 'updated', id: known.id } as const] : await upsertCustomers(knex, [record])
    if (!written || written.outcome === 'refused') {
      onProblem(record.customerReference, written?.reason ?? 'was not stored')
      return { outcome: 'mismatch' }
    }
    await directory.setPassword(written.id, hashed.password)
    const customer = await directory.findById(written.id)
    return customer ? { outcome: 'match', customer } : { outcome: 'mismatch' }
  }
  async function hash(password: string) {
    try {
      return { outcome: 'hashed', password: await passwords.hash(password) } as const
    } catch (error) {
      if (!(error instanceof HashingBusyError)) throw error
      return { outcome: 'unavailable', retryAfterSeconds: error.retryAfterSeconds } as const
    }
  }
}
