import type { ConstantTimeRefusal } from './constant-time-refusal.ts'
import type { Busy } from './hashing-queue.ts'
import type { Passwords } from './passwords.ts'
import type { StoredPassword } from './stored-password.ts'

/** A person as their directory finds them by login. */
export type FoundPerson<Person> = {
  readonly person: Person
  readonly password?: StoredPassword
  /** An operator, or the password policy, asks for another password. */
  readonly passwordChangeRequired?: boolean
  /** Of the person's credentials, where they are counted. */
  readonly generation?: number
}

/** Checks a password where it is kept, because its keeper gives out no hashes. */
export type VerifyElsewhere<Person> = (
  login: string,
  password: string,
) => Promise<
  | { readonly outcome: 'match'; readonly person: Person; readonly generation?: number }
  | { readonly outcome: 'mismatch' }
  | { readonly outcome: 'unavailable'; readonly retryAfterSeconds: number; readonly isServiceAway?: true }
>

/** Why there was no match. For the audit trail and logs; callers are not told. */
export type WrongPassword = 'unknown' | 'wrong-password' | 'no-password' | 'unusable-password'

export type VerifiedPerson<Person> = (
  | { readonly outcome: 'match'; readonly found: FoundPerson<Person>; readonly needsRehash: boolean }
  | { readonly outcome: 'mismatch'; readonly reason: WrongPassword }
  | Busy
) & {
  /** Time that the check took, waiting in the queue not counted. */
  readonly spentMs: number
}

export type VerifyPersonDeps<Person> = {
  readonly passwords: Pick<Passwords, 'verify'>
  /** Asked about logins for which no password is stored. */
  readonly elsewhere?: VerifyElsewhere<Person> | undefined
  /** A row that cannot be used, for the log. */
  readonly onProblem?: ((personId: string, problem: string) => void) | undefined
  readonly observe: ConstantTimeRefusal['observe']
}

/** Compares a password with the one of the person that was found, or with a dummy where none was. */
export function createVerifyPerson<Person extends { readonly id: string }>(deps: VerifyPersonDeps<Person>) {
  const { passwords, elsewhere, onProblem = () => {}, observe } = deps

  return async function verifyPerson(
    login: string,
    password: string,
    found: FoundPerson<Person> | undefined,
    caller: string,
  ): Promise<VerifiedPerson<Person>> {
    const asked = found?.password ? undefined : await askElsewhere(login, password)
    if (asked?.outcome === 'unavailable') return { ...asked, outcome: 'busy', spentMs: 0 }
    if (asked?.outcome === 'match') {
      const { outcome, spentMs, ...found } = asked
      return { outcome, found, needsRehash: false, spentMs }
    }

    const verification = await passwords.verify(password, found?.password, caller)
    if (verification.outcome === 'busy') return { ...verification, spentMs: 0 }
    const spentMs = verification.cost.spentMs + (asked?.spentMs ?? 0)
    if (asked) observe('elsewhere', spentMs)
    else if (!verification.cost.isPlain) observe(found?.password?.scheme ?? '', spentMs)
    if (verification.outcome === 'match' && found?.password)
      return { outcome: 'match', found, needsRehash: verification.needsRehash, spentMs }
    const problem = verification.outcome === 'mismatch' ? verification.problem : undefined
    if (found && problem) onProblem(found.person.id, problem)
    return { outcome: 'mismatch', reason: reasonOf(found, problem), spentMs }
  }

  async function askElsewhere(login: string, password: string) {
    if (!elsewhere) return undefined
    const startedAtMs = performance.now()
    return { ...(await elsewhere(login, password)), spentMs: performance.now() - startedAtMs }
  }
}

function reasonOf(found: FoundPerson<unknown> | undefined, problem: string | undefined): WrongPassword {
  if (!found) return 'unknown'
  if (problem) return 'unusable-password'
  return found.password ? 'wrong-password' : 'no-password'
}
