import { availableParallelism } from 'node:os'
import { type ConstantTimeRefusal, createConstantTimeRefusal } from '../credentials/constant-time-refusal.ts'
import { createHashingQueue } from '../credentials/hashing-queue.ts'
import { networkOf } from '../credentials/ip-network.ts'
import type { Lockout, LoginContext } from '../credentials/lockout/lockout.ts'
import type { PasswordPolicy } from '../credentials/password-policy.ts'
import { HashingBusyError, type Passwords } from '../credentials/passwords.ts'
import type { StoredPassword } from '../credentials/stored-password.ts'
import type { Customer } from './customer.ts'
import type { CustomerWithPassword, Directory } from './directory.ts'
import type { SignInElsewhere } from './sign-in-elsewhere.ts'
import { ShopServiceError } from './sources/shop-service.ts'

export type Authentication =
  /** `mustChangePassword`: it breaks the policy, and the next page should ask for another. */
  | { readonly outcome: 'authenticated'; readonly customer: Customer; readonly mustChangePassword?: true }
  | { readonly outcome: 'unconfirmed'; readonly customer: Customer }
  | Refusal
  /** Too many failures; nothing was checked. */
  | { readonly outcome: 'locked'; readonly retryAfterSeconds: number }
  /** Too many logins are being checked at once, or the shop that keeps the customers is away. */
  | { readonly outcome: 'busy'; readonly retryAfterSeconds: number }

export type Refusal = {
  readonly outcome: 'refused'
  /** For the audit trail and logs; a caller of ours never learns it. */
  readonly reason: 'unknown' | 'wrong-password' | 'blocked' | 'no-password' | 'unusable-password'
}

export type Authenticate = (login: string, password: string, context?: LoginContext) => Promise<Authentication>

export type AuthenticateDeps = {
  readonly directory: Directory
  readonly passwords: Passwords
  readonly lockout: Lockout
  /** Asked about logins whose password is not ours to check. */
  readonly signInElsewhere?: SignInElsewhere
  /** What a password that was just accepted has to keep to. */
  readonly policy?: PasswordPolicy
  /** Logins under way at a time; fewer where they would stand in one line for storage with everybody else. */
  readonly loginsAtOnce?: number
  /** A row that can not be used, for the log. */
  readonly onProblem?: (customerId: string, problem: string) => void
}

type Checked = { readonly authentication: Authentication; readonly spentMs: number }
type Check = ReturnType<typeof createCheck>

/** One hashes; the others are on their way to storage, or to the shop's service, and back. */
const LOGINS_PER_CORE = 16

/** An endpoint that says nothing about its caller shares one address with all the others that do so. */
export const NOWHERE: LoginContext = { ip: '' }

/**
 * Checks a login and a password. An unknown login, a wrong password and a blocked customer are one refusal, and
 * take the same time, so that nobody learns who is a customer.
 */
export function createAuthenticate(deps: AuthenticateDeps): Authenticate {
  const refusal = createConstantTimeRefusal()
  const attempt = createAttempt(deps, createCheck(deps, refusal.observe))
  // Without it a storm of logins would stand in line for storage too, and every introspection behind it.
  const admission = createHashingQueue({
    concurrency: deps.loginsAtOnce ?? LOGINS_PER_CORE * availableParallelism(),
  })

  return async function authenticate(login, password, context = NOWHERE) {
    const admitted = await admission.run(networkOf(context.ip), () => attempt(login, password, context))
    if (admitted.outcome === 'busy') return admitted
    const { authentication, spentMs } = admitted.result
    const { outcome } = authentication
    if (outcome === 'refused' || outcome === 'unconfirmed') await refusal.hold(spentMs)
    return authentication
  }
}

function createAttempt({ directory, lockout }: AuthenticateDeps, check: Check) {
  return async function attempt(login: string, password: string, context: LoginContext): Promise<Checked> {
    const [reservation, found] = await Promise.all([
      lockout.reserve(login, password, context),
      directory.findByLogin(login).catch((error: unknown) => ({ error })),
    ])
    const { lockedForSeconds: retryAfterSeconds, settle } = reservation
    if (found && 'error' in found) {
      await settle('unchecked')
      if (!(found.error instanceof ShopServiceError)) throw found.error
      return unchecked('busy', found.error.retryAfterSeconds)
    }
    if (retryAfterSeconds !== undefined) {
      await settle('unchecked')
      return unchecked('locked', retryAfterSeconds)
    }
    const checked = await check(login, password, found, networkOf(context.ip)).catch(async (error: unknown) => {
      await settle('unchecked')
      throw error
    })
    const { authentication } = checked
    const settling = settle(resultOf(authentication))
    // What a success forgives is written while the endpoint goes on; if it is not, the attempt counts until its window ends.
    if (authentication.outcome === 'authenticated') settling.catch(() => {})
    else await settling
    return checked
  }
}

function unchecked(outcome: 'busy' | 'locked', retryAfterSeconds: number): Checked {
  return { authentication: { outcome, retryAfterSeconds }, spentMs: 0 }
}

function resultOf({ outcome }: Authentication): 'success' | 'failure' | 'unchecked' {
  if (outcome === 'authenticated') return 'success'
  return outcome === 'busy' ? 'unchecked' : 'failure'
}

function createCheck(deps: AuthenticateDeps, observe: ConstantTimeRefusal['observe']) {
  const { passwords, signInElsewhere, onProblem = () => {} } = deps

  return async function check(
    login: string,
    password: string,
    found: CustomerWithPassword | undefined,
    caller: string,
  ): Promise<Checked> {
    const elsewhere = found?.password ? undefined : await askElsewhere(login, password)
    if (elsewhere?.outcome === 'unavailable') return unchecked('busy', elsewhere.retryAfterSeconds)
    if (elsewhere?.outcome === 'match')
      return { authentication: await accept(elsewhere, password), spentMs: elsewhere.spentMs }

    const verification = await passwords.verify(password, found?.password, caller)
    if (verification.outcome === 'busy') return { authentication: verification, spentMs: 0 }
    const spentMs = verification.cost.spentMs + (elsewhere?.spentMs ?? 0)
    if (elsewhere) observe('elsewhere', spentMs)
    else if (!verification.cost.isPlain) observe(found?.password?.scheme ?? '', spentMs)
    if (verification.outcome === 'match' && found?.password) {
      const current = verification.needsRehash ? found.password : undefined
      return { authentication: await accept(found, password, caller, current), spentMs }
    }
    const problem = verification.outcome === 'mismatch' ? verification.problem : undefined
    if (found && problem) onProblem(found.customer.id, problem)
    return { authentication: { outcome: 'refused', reason: reasonOf(found, problem) }, spentMs }
  }

  async function askElsewhere(login: string, password: string) {
    if (!signInElsewhere) return undefined
    const startedAtMs = performance.now()
    return { ...(await signInElsewhere(login, password)), spentMs: performance.now() - startedAtMs }
  }

  /** The password is right: whether the customer may come in. */
  async function accept(
    found: CustomerWithPassword,
    password: string,
    caller?: string,
    outdated?: StoredPassword,
  ): Promise<Authentication> {
    const { customer, passwordChangeRequired: isFlagged } = found
    if (customer.status !== 'active') return { outcome: 'refused', reason: 'blocked' }
    if (outdated) await rehash(customer.id, password, outdated, caller)
    if (!customer.emailVerified) return { outcome: 'unconfirmed', customer }
    if (isFlagged) return { outcome: 'authenticated', customer, mustChangePassword: true }
    const review = await deps.policy?.review(password, customer.email)
    if (!review || review.outcome === 'accepted') return { outcome: 'authenticated', customer }
    await deps.directory.requirePasswordChange(customer.id)
    return { outcome: 'authenticated', customer, mustChangePassword: true }
  }

  /** A customer is not kept out because there was no room to hash: the next login tries again. */
  async function rehash(id: string, password: string, outdated: StoredPassword, caller?: string): Promise<void> {
    try {
      await deps.directory.replaceHash(id, outdated, await passwords.hash(password, caller))
    } catch (error) {
      if (!(error instanceof HashingBusyError)) throw error
    }
  }
}

function reasonOf(found: CustomerWithPassword | undefined, problem: string | undefined): Refusal['reason'] {
  if (!found) return 'unknown'
  if (problem) return 'unusable-password'
  return found.password ? 'wrong-password' : 'no-password'
}
