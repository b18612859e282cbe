import { type ConstantTimeRefusal, createConstantTimeRefusal } from './constant-time-refusal.ts'
import type { Busy, HashingQueue } from './hashing-queue.ts'
import { networkOf } from './ip-network.ts'
import type { Lockout, LoginContext } from './lockout/lockout.ts'
import { NOWHERE } from './lockout/lockout-names.ts'
import { HashingBusyError, type Passwords } from './passwords.ts'
import type { StoredPassword } from './stored-password.ts'
import { createVerifyPerson, type FoundPerson, type VerifyPersonDeps, type WrongPassword } from './verify-person.ts'
import { noteWhose } from './whose-attempt.ts'

/** Where a sign-in comes from, and the code of a second factor where one was given or will be. */
export type SignInContext = LoginContext & {
  readonly code?: string
  /** The endpoint asks for the second factor afterwards, on a page of its own. */
  readonly asksForCodeLater?: true
  /** The sign-in under way to which a code by mail is bound; it works in no other. */
  readonly place?: string
}

/** `startedAtMs`: epoch milliseconds. What ends sign-ins while the password is being checked ends this one too. */
export type AttemptContext = SignInContext & { readonly startedAtMs: number }

/** What a check ends in; `Admitted` is what `admit` makes of the right password. */
export type CheckedPassword<Reason extends string, Admitted> =
  | Admitted
  /** `reason` is for the audit trail and logs; callers are not told. */
  | { readonly outcome: 'refused'; readonly reason: WrongPassword | Reason }
  /** Too many failures; nothing was checked. */
  | { readonly outcome: 'locked'; readonly retryAfterSeconds: number }
  /** Too many logins are being checked at once, or the service that keeps the people is away. */
  | Busy

/** What `admit` may answer. With `unconfirmed` the person has yet to prove that the address is theirs. */
export type Admission = {
  readonly outcome: 'authenticated' | 'unconfirmed' | 'second-factor-required' | 'refused' | 'locked'
}

export type PasswordCheckDeps<Person, Reason extends string, Admitted extends Admission> = Omit<
  VerifyPersonDeps<Person>,
  'observe' | 'passwords'
> & {
  readonly passwords: Pick<Passwords, 'hash' | 'verify'>
  /** With counters apart from those of other kinds of people: an address may be of several. */
  readonly lockout: Pick<Lockout, 'reserve'>
  /** By login. Busy while the service that keeps the people is away. */
  readonly find: (login: string) => Promise<FoundPerson<Person> | Busy | undefined>
  /** The same password under another scheme. Does nothing when `current` is no longer what is stored. */
  readonly replaceHash: (id: string, current: StoredPassword, next: StoredPassword) => Promise<void>
  /** Why a person is refused although the password is right. */
  readonly whyRefused: (person: Person) => Reason | undefined
  /** The password is right: what else this kind of people needs to come in. */
  readonly admit: (found: FoundPerson<Person>, password: string, context: AttemptContext) => Promise<Admitted>
  /** How long a refusal takes; one of its own unless given. */
  readonly refusal?: ConstantTimeRefusal
  /** Bounds the checks under way at a time; without it there is no bound. */
  readonly admission?: Pick<HashingQueue, 'run'>
}

type Timed<Checked> = { readonly checked: Checked; readonly spentMs: number }

/**
 * The check of a login and a password that every kind of people uses. An unknown login, a wrong password and a blocked
 * account are one refusal and take the same time, so that a caller does not learn which accounts there are. A wrong code
 * counts towards lockout as a wrong password does; a password without its code forgives nothing and costs nothing.
 */
export function createPasswordCheck<
  Person extends { readonly id: string },
  Reason extends string,
  Admitted extends Admission,
>(deps: PasswordCheckDeps<Person, Reason, Admitted>) {
  type Checked = CheckedPassword<Reason, Admitted>
  const { refusal = createConstantTimeRefusal() } = deps
  const judge = createJudge(deps, refusal.observe)
  const admission = deps.admission ?? UNBOUNDED

  return async function checkPassword(
    login: string,
    password: string,
    context: SignInContext = NOWHERE,
  ): Promise<Checked> {
    const admitted = await admission.run(networkOf(context.ip), () => attempt(login, password, context))
    if (admitted.outcome === 'busy') return admitted
    const { checked, spentMs } = admitted.result
    // Not in the attempt: while a refusal waits, others are checked.
    if (SETTLED_AS[checked.outcome] === 'failure') await refusal.hold(spentMs)
    return checked
  }

  async function attempt(login: string, password: string, given: SignInContext): Promise<Timed<Checked>> {
    const context = { ...given, startedAtMs: Date.now() }
    const [{ lockedForSeconds, settle }, found] = await Promise.all([
      deps.lockout.reserve(login, password, context),
      deps.find(login).catch((error: unknown) => ({ error })),
    ])
    const timed = await look().catch(async (error: unknown) => {
      await settle('unchecked')
      throw error
    })
    const settling = settle(SETTLED_AS[timed.checked.outcome])
    // It was looked up in any case: noting it takes no time that tells.
    if (found && 'person' in found) noteWhose(timed.checked, found.person.id)
    // What a success forgives is written while the endpoint goes on; if it is not, the attempt counts until its window ends.
    if (timed.checked.outcome === 'authenticated') settling.catch(() => {})
    else await settling
    return timed

    async function look(): Promise<Timed<Checked>> {
      if (found && 'error' in found) throw found.error
      if (found && 'outcome' in found) return { checked: found, spentMs: 0 }
      if (lockedForSeconds !== undefined)
        return { checked: { outcome: 'locked', retryAfterSeconds: lockedForSeconds }, spentMs: 0 }
      return judge(login, password, found, context)
    }
  }
}

/** What becomes of an attempt that lockout let through. */
function createJudge<Person extends { readonly id: string }, Reason extends string, Admitted extends Admission>(
  deps: PasswordCheckDeps<Person, Reason, Admitted>,
  observe: VerifyPersonDeps<Person>['observe'],
) {
  const { passwords, replaceHash, whyRefused, admit } = deps
  const verify = createVerifyPerson({ ...deps, observe })

  return async function judge(
    login: string,
    password: string,
    found: FoundPerson<Person> | undefined,
    context: AttemptContext,
  ): Promise<Timed<CheckedPassword<Reason, Admitted>>> {
    const caller = networkOf(context.ip)
    const { spentMs, ...verified } = await verify(login, password, found, caller)
    if (verified.outcome === 'busy') return { checked: verified, spentMs }
    if (verified.outcome === 'mismatch') return { checked: { outcome: 'refused', reason: verified.reason }, spentMs }
    const { person, password: current } = verified.found
    const reason = whyRefused(person)
    if (reason !== undefined) return { checked: { outcome: 'refused', reason }, spentMs }
    if (verified.needsRehash && current) await rehash(person.id, password, current, caller)
    return { checked: await admit(verified.found, password, context), spentMs }
  }

  /** A person is not kept out because there was no room to hash: the next login tries again. */
  async function rehash(id: string, password: string, current: StoredPassword, caller: string): Promise<void> {
    try {
      await replaceHash(id, current, await passwords.hash(password, caller))
    } catch (error) {
      if (!(error instanceof HashingBusyError)) throw error
    }
  }
}

/** What lockout is told. */
const SETTLED_AS = {
  authenticated: 'success',
  unconfirmed: 'failure',
  refused: 'failure',
  'second-factor-required': 'unchecked',
  locked: 'unchecked',
  busy: 'unchecked',
} as const

const UNBOUNDED: Pick<HashingQueue, 'run'> = {
  run: async (_caller, task) => ({ outcome: 'done', result: await task() }),
}
