import { availableParallelism } from 'node:os'
import type { ConstantTimeRefusal } from '../credentials/constant-time-refusal.ts'
import { type Busy, createHashingQueue } from '../credentials/hashing-queue.ts'
import type { Lockout } from '../credentials/lockout/lockout.ts'
import { type AttemptContext, createPasswordCheck, type SignInContext } from '../credentials/password-check.ts'
import type { PasswordPolicy } from '../credentials/password-policy.ts'
import type { Passwords } from '../credentials/passwords.ts'
import type { FoundPerson, WrongPassword } from '../credentials/verify-person.ts'
import type { Customer } from './customer.ts'
import type { Directory } from './directory.ts'
import { type Proof, proofOf } from './proof.ts'
import type { CheckFactor } from './second-factor/direct-check.ts'
import type { SignInElsewhere } from './sign-in-elsewhere.ts'
import { ShopServiceError } from './sources/shop-failure.ts'

export type Authentication =
  | Admitted
  | Refusal
  /** Too many failures; nothing was checked. */
  | { readonly outcome: 'locked'; readonly retryAfterSeconds: number }
  /** Too many logins are being checked at once, or the shop that keeps the customers is away. */
  | Busy

/** A customer whose password, or code by mail, was right. */
export type Proved = {
  readonly customer: Customer
  readonly proof: Proof
  /** The password breaks the policy, and the next page should ask for another. */
  readonly mustChangePassword?: true
}

type Admitted =
  /** `hasSecondFactor`: a code was asked for, and was right. */
  | (Proved & { readonly outcome: 'authenticated'; readonly hasSecondFactor?: true })
  /** The sign-in is not complete: a code must come as well, or a second factor has to be set up. */
  | (Proved & { readonly outcome: 'second-factor-required'; readonly need: 'code' | 'mail' | 'set-up' })
  | { readonly outcome: 'unconfirmed'; readonly customer: Customer }
  | Refusal
  | { readonly outcome: 'locked'; readonly retryAfterSeconds: number }

export type Refusal = {
  readonly outcome: 'refused'
  /** For the audit trail and logs; callers are not told. */
  readonly reason: WrongPassword | 'blocked' | 'wrong-code'
}

export type Authenticate = (login: string, password: string, context?: SignInContext) => Promise<Authentication>

export type AuthenticateDeps = {
  readonly directory: Directory
  readonly passwords: Passwords
  readonly lockout: Lockout
  /** Asked about logins whose password is not ours to check. */
  readonly signInElsewhere?: SignInElsewhere
  /** How long a refusal takes; one of its own unless given. */
  readonly refusal?: ConstantTimeRefusal
  /** What a password that was just accepted has to keep to. */
  readonly policy?: PasswordPolicy
  /** What is asked for beside the password; nothing unless given. */
  readonly checkFactor?: CheckFactor
  /** Logins under way at a time; fewer where they would stand in one line for storage with everybody else. */
  readonly loginsAtOnce?: number
  /** A row that can not be used, for the log. */
  readonly onProblem?: (customerId: string, problem: string) => void
}

/** One hashes; the others are on their way to storage, or to the shop's service, and back. */
const LOGINS_PER_CORE = 16

/** Checks a customer's login and password. */
export function createAuthenticate(deps: AuthenticateDeps): Authenticate {
  const { directory, passwords, lockout, refusal, signInElsewhere, onProblem } = deps
  return createPasswordCheck({
    passwords,
    lockout,
    ...(refusal && { refusal }),
    onProblem,
    find: createFind(directory),
    elsewhere: signInElsewhere && personOf(signInElsewhere),
    replaceHash: directory.replaceHash,
    whyRefused: ({ status }) => (status === 'active' ? undefined : ('blocked' as const)),
    admit: createAdmit(deps),
    // Without it a storm of logins would stand in line for storage too, and every introspection behind it.
    admission: createHashingQueue({ concurrency: deps.loginsAtOnce ?? LOGINS_PER_CORE * availableParallelism() }),
  })
}

function createFind(directory: Directory) {
  return async function find(login: string): Promise<FoundPerson<Customer> | Busy | undefined> {
    try {
      const found = await directory.findByLogin(login)
      if (!found) return undefined
      const { customer: person, ...credentials } = found
      return { person, ...credentials }
    } catch (error) {
      if (!(error instanceof ShopServiceError)) throw error
      return { outcome: 'busy', retryAfterSeconds: error.retryAfterSeconds, isServiceAway: true }
    }
  }
}

function personOf(signInElsewhere: SignInElsewhere) {
  return async (login: string, password: string) => {
    const answer = await signInElsewhere(login, password)
    if (answer.outcome !== 'match') return answer
    const { customer: person, ...match } = answer
    return { ...match, person }
  }
}

/** The address must be confirmed, and a second factor shown; a password that breaks the policy lets in, and must be changed. */
function createAdmit({
  policy,
  directory,
  checkFactor,
}: Pick<AuthenticateDeps, 'policy' | 'directory' | 'checkFactor'>) {
  return async function admit(
    { person: customer, ...found }: FoundPerson<Customer>,
    password: string,
    context: AttemptContext,
  ): Promise<Admitted> {
    if (!customer.emailVerified) return { outcome: 'unconfirmed', customer }
    const proof = proofOf({ customer, ...found }, context.startedAtMs)
    const step = (await checkFactor?.(customer, context)) ?? ({ outcome: 'authenticated' } as const)
    if (step.outcome === 'refused' || step.outcome === 'locked') return step
    const admitted = { ...step, customer, proof }
    if (found.passwordChangeRequired) return { ...admitted, mustChangePassword: true }
    const review = await policy?.review(password, customer.email)
    if (!review || review.outcome === 'accepted') return admitted
    await directory.requirePasswordChange(customer.id)
    return { ...admitted, mustChangePassword: true }
  }
}
