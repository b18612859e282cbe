import type { SecondFactors } from './second-factors.ts'

/** A password as it is stored, its scheme named beside it. */
type StoredPassword = { readonly scheme: string; readonly hash: string; readonly salt?: string }

export type CheckedPassword<Person, Reason extends string> =
  /** `hasSecondFactor`: a code was asked for, and was right. */
  | { readonly outcome: 'authenticated'; readonly person: Person; readonly hasSecondFactor?: true }
  /** `reason` is for the audit trail and logs; a caller of ours never learns it. */
  | { readonly outcome: 'refused'; readonly reason: 'unknown' | 'wrong-password' | 'wrong-code' | Reason }
  /** The password is right, and a code must come with it. */
  | { readonly outcome: 'second-factor-required'; readonly person: Person }
  | { readonly outcome: 'locked' | 'busy'; readonly retryAfterSeconds: number }

/** What checking a password needs of a hasher. */
export type PersonPasswords = {
  /** @throws when there is no room to hash. */
  hash(password: string, caller?: string): Promise<StoredPassword>
  /** Without `stored` it takes as long as with it. */
  verify(password: string, stored: StoredPassword | undefined, caller?: string): Promise<PersonVerification>
}

export type PersonVerification =
  | { readonly outcome: 'match'; readonly needsRehash: boolean }
  | { readonly outcome: 'mismatch' }
  | { readonly outcome: 'busy'; readonly retryAfterSeconds: number }

export type PersonLoginContext = {
  readonly ip: string
  readonly clientId?: string
  readonly deviceId?: string
  /** The code of a second factor, where one was given. */
  readonly code?: string
  /** The endpoint's own limit, beside lockout. */
  readonly throttle?: { readonly name: string; readonly attempts: number; readonly seconds: number }
}

/** What is asked of lockout: a place in its budgets, and what became of the attempt. */
export type PersonLockout = {
  reserve(account: string, secret: string, context: PersonLoginContext): Promise<PersonReservation>
}
export type PersonReservation = {
  readonly lockedForSeconds?: number
  settle(result: 'success' | 'failure' | 'unchecked'): Promise<void>
}

export type PasswordCheckDeps<Person, Reason extends string> = {
  readonly find: (login: string) => Promise<{ readonly person: Person; readonly password?: StoredPassword } | undefined>
  /** The same password under another scheme. Does nothing when `current` is no longer what is stored. */
  readonly replaceHash: (id: string, current: StoredPassword, next: StoredPassword) => Promise<void>
  /** Why somebody with the right password is refused all the same. */
  readonly whyRefused: (person: Person) => Reason | undefined
  readonly passwords: PersonPasswords
  readonly secondFactors?: Pick<SecondFactors, 'isRequired' | 'redeem'>
  /** With counters apart from those of customers: an address may be both. */
  readonly lockout: PersonLockout
}

const NOWHERE: PersonLoginContext = { ip: '' }

/**
 * Checks login and password of somebody who works for the shop, and the code of a second factor where there is one.
 * Wrong codes count towards lockout as wrong passwords do; a password without its code forgives nothing and costs
 * nothing.
 */
export function createPasswordCheck<Person extends { readonly id: string }, Reason extends string>(
  deps: PasswordCheckDeps<Person, Reason>,
) {
  const { find, replaceHash, whyRefused, passwords, secondFactors, lockout } = deps

  return async function checkPassword(
    login: string,
    password: string,
    context = NOWHERE,
  ): Promise<CheckedPassword<Person, Reason>> {
    const { lockedForSeconds: retryAfterSeconds, settle } = await lockout.reserve(login, password, context)
    if (retryAfterSeconds !== undefined) {
      await settle('unchecked')
      return { outcome: 'locked', retryAfterSeconds }
    }
    try {
      const checked = await check(login, password, context)
      await settle(resultOf(checked))
      return checked
    } catch (error) {
      await settle('unchecked')
      throw error
    }
  }

  async function check(
    login: string,
    password: string,
    { ip: caller, code }: PersonLoginContext,
  ): Promise<CheckedPassword<Person, Reason>> {
    const found = await find(login)
    const verification = await passwords.verify(password, found?.password, caller)
    if (verification.outcome === 'busy') return verification
    if (!found) return { outcome: 'refused', reason: 'unknown' }
    if (verification.outcome === 'mismatch') return { outcome: 'refused', reason: 'wrong-password' }
    const { person, password: current } = found
    const reason = whyRefused(person)
    if (reason !== undefined) return { outcome: 'refused', reason }
    if (verification.needsRehash && current) {
      // Nobody is kept out because there was no room to hash: the next login tries again.
      const next = await passwords.hash(password, caller).catch(() => undefined)
      if (next) await replaceHash(person.id, current, next)
    }
    if (!(await secondFactors?.isRequired(person.id))) return { outcome: 'authenticated', person }
    if (code === undefined) return { outcome: 'second-factor-required', person }
    const isRight = await secondFactors?.redeem(person.id, code)
    return isRight
      ? { outcome: 'authenticated', person, hasSecondFactor: true }
      : { outcome: 'refused', reason: 'wrong-code' }
  }
}

function resultOf({ outcome }: { readonly outcome: string }): 'success' | 'failure' | 'unchecked' {
  if (outcome === 'authenticated') return 'success'
  return outcome === 'refused' ? 'failure' : 'unchecked'
}
