import type { Knex } from 'knex'
import { HashingBusyError, type Passwords } from '../../credentials/passwords.ts'
import type { StoredPassword } from '../../credentials/stored-password.ts'
import type { CustomerWithPassword, Directory } from '../directory.ts'
import { createCustomer } from '../import/write-customers.ts'
import type { SignInElsewhere, SignInElsewhereOutcome } from '../sign-in-elsewhere.ts'
import type { HttpDirectory, ShopRecord } from './http-directory.ts'
import { setFirstPassword } from './sql-directory.ts'

export type LazyMigrationDeps = {
  readonly knex: Knex
  /** Ours, where customers move to. */
  readonly directory: Directory
  readonly legacy: Pick<HttpDirectory, 'signInForRecord'>
  readonly passwords: Pick<Passwords, 'hash' | 'verify'>
  /** A customer who signed in there and could not be taken over, and why. */
  readonly onProblem?: (customerReference: string, reason: string) => void
}

/**
 * Moves customers one by one, when they sign in: a login we do not know (or know without a password) is tried at
 * the shop we migrate from, and on success the customer moves here with a hash of our own. Who has a password here has
 * moved: no answer from there opens or changes their account. An answer is about the login that was asked for and no
 * other account, whatever reference it names.
 */
export function createLazyMigration(deps: LazyMigrationDeps): SignInElsewhere {
  const { knex, directory, legacy, passwords, onProblem = () => {} } = deps

  return async function signInElsewhere(login, password) {
    const signedIn = await legacy.signInForRecord(login, password)
    if (signedIn.outcome !== 'match') return signedIn
    const { record } = signedIn
    // Read after the answer: another request may have moved the customer meanwhile.
    const known = await directory.findByLogin(login)
    if (known?.password) return checkHere(known, password)
    if (known && known.customer.customerReference !== record.customerReference)
      return refuse(record, `email belongs to customer ${known.customer.customerReference}`)
    if (known && known.customer.status !== 'active') return { outcome: 'match', customer: known.customer }
    const hashed = await hash(password)
    if (hashed.outcome === 'unavailable') return hashed
    const problem = await move(known, record, hashed.password)
    const moved = await directory.findByLogin(login)
    if (problem === undefined && moved) return matched(moved)
    // Two sign-ins of one customer move them once.
    if (moved?.password && moved.customer.customerReference === record.customerReference)
      return checkHere(moved, password)
    return refuse(record, problem ?? 'was not stored')
  }

  /** Who has an account here keeps it: only the password comes over. Returns why it was not possible. */
  async function move(
    known: CustomerWithPassword | undefined,
    record: ShopRecord,
    password: StoredPassword,
  ): Promise<string | undefined> {
    if (known)
      return (await setFirstPassword(knex, known.customer.id, password)) ? undefined : 'has a password here already'
    const written = await createCustomer(knex, { ...record, password })
    return written.outcome === 'refused' ? written.reason : undefined
  }

  async function checkHere(known: CustomerWithPassword, password: string): Promise<SignInElsewhereOutcome> {
    const verified = await passwords.verify(password, known.password)
    if (verified.outcome === 'busy') return { outcome: 'unavailable', retryAfterSeconds: verified.retryAfterSeconds }
    return verified.outcome === 'match' ? matched(known) : { outcome: 'mismatch' }
  }

  function refuse(record: ShopRecord, reason: string): SignInElsewhereOutcome {
    onProblem(record.customerReference, reason)
    return { outcome: 'mismatch' }
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

function matched({ customer, generation }: CustomerWithPassword): SignInElsewhereOutcome {
  return { outcome: 'match', customer, ...(generation !== undefined && { generation }) }
}
