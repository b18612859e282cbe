import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { BACKGROUND, type Busy, createHashingQueue, type HashingQueue } from './hashing-queue.ts'
import { isTooLongToCheck, normalizePassword } from './password-text.ts'
import { hashArgon2id, matchesArgon2 } from './schemes/argon2.ts'
import { createPasswordSchemes, type PasswordSchemes } from './schemes/index.ts'
import { plainForms } from './schemes/scheme.ts'
import { isOurArgon2id, isWrapped, wrap } from './schemes/wrapped.ts'
import type { StoredPassword } from './stored-password.ts'

export type Verification =
  | { readonly outcome: 'match'; readonly needsRehash: boolean; readonly cost: VerificationCost }
  /** `problem` says why a stored row could not be used at all; for the log. */
  | { readonly outcome: 'mismatch'; readonly problem?: string; readonly cost: VerificationCost }
  | Busy

export type VerificationCost = {
  /** Time on a core, waiting in the queue not counted. */
  readonly spentMs: number
  /** True when the cost is that of one verification of our own argon2id. */
  readonly isPlain: boolean
}

export interface Passwords {
  /** @throws {HashingBusyError} when too many passwords are being hashed. */
  hash(password: string, caller?: string): Promise<StoredPassword>
  /** Without `stored` a dummy hash is verified, so that an unknown customer costs what a known one does. */
  verify(password: string, stored: StoredPassword | undefined, caller?: string): Promise<Verification>
  /** Why a row cannot be used; undefined when it can. */
  problem(stored: StoredPassword): string | undefined
  /** True for rows that hold a fast hash bare. */
  needsWrapping(stored: StoredPassword): boolean
  /**
   * The row with its fast hash inside argon2id; undefined for rows that need none. Gives way to everybody who waits.
   *
   * @throws {HashingBusyError}
   */
  wrap(stored: StoredPassword): Promise<StoredPassword | undefined>
  /** Passwords being hashed in this process, and waiting for it: for metrics. */
  depth(): { readonly running: number; readonly waiting: number }
  /** Tags whose rows may need wrapping. */
  readonly fastSchemes: readonly string[]
}

/** Too many passwords are being hashed at once; `retryAfterSeconds` says when to come back. */
export class HashingBusyError extends Error {
  readonly retryAfterSeconds: number

  constructor(retryAfterSeconds: number) {
    super('too many passwords are being hashed at once')
    this.retryAfterSeconds = retryAfterSeconds
  }
}

export type PasswordsOptions = {
  /** Hashes at a time in this process: the machine's cores over its worker processes. */
  readonly concurrency?: number
  readonly schemes?: PasswordSchemes
  readonly queue?: HashingQueue
  /** Told how long each password waited for its turn. */
  readonly onWaited?: (seconds: number) => void
}

const OWN_WORK = 'server'

/** Hashes and verifies passwords of every scheme, one per core at a time, each caller in its turn. */
export function createPasswords(options: PasswordsOptions = {}): Passwords {
  const { concurrency = availableParallelism(), schemes = createPasswordSchemes(), onWaited } = options
  const queue = options.queue ?? createHashingQueue({ concurrency, ...(onWaited && { onWaited }) })
  // Made here and not written here: the password of a hash in the source could be found.
  const dummy = hashArgon2id(randomBytes(24).toString('base64'))

  const spendOnDummy = async (password: string) => {
    // As many verifications as a known customer's password in this spelling would take.
    for (const form of plainForms(password)) await matchesArgon2(form, await dummy)
  }

  function problem(stored: StoredPassword): string | undefined {
    const scheme = schemes.find(stored.scheme)
    return scheme
      ? scheme.problem(stored)
      : `password scheme "${stored.scheme}" is not one of ${schemes.names.join(', ')}`
  }

  async function matches(password: string, stored: StoredPassword): Promise<boolean> {
    const scheme = schemes.find(stored.scheme)
    for (const form of scheme?.forms(password) ?? []) if (await scheme?.matches(form, stored)) return true
    return false
  }

  async function check(password: string, stored: StoredPassword | undefined, unusable: boolean) {
    const startedAtMs = performance.now()
    const isPlain = !stored || unusable || isOurArgon2id(stored)
    const isTooLong = isTooLongToCheck(password)
    let isMatch = false
    if (stored && !unusable && !isTooLong) isMatch = await matches(password, stored)
    else await spendOnDummy(isTooLong ? '' : password)
    // A bare md5 is refused in no time; the refusal must cost what all refusals cost.
    if (!isMatch && !isPlain && !isTooLong && stored && !isWrapped(stored)) await spendOnDummy(password)
    return { isMatch, cost: { spentMs: performance.now() - startedAtMs, isPlain } }
  }

  return {
    async hash(password, caller = OWN_WORK) {
      const run = await queue.run(caller, () => hashArgon2id(normalizePassword(password)))
      if (run.outcome === 'busy') throw new HashingBusyError(run.retryAfterSeconds)
      return { scheme: 'argon2id', hash: run.result }
    },
    async verify(password, stored, caller = OWN_WORK) {
      const found = stored && problem(stored)
      const run = await queue.run(caller, () => check(password, stored, found !== undefined))
      if (run.outcome === 'busy') return run
      const { isMatch, cost } = run.result
      if (isMatch && stored) return { outcome: 'match', needsRehash: !isOurArgon2id(stored), cost }
      return { outcome: 'mismatch', ...(found && { problem: found }), cost }
    },
    problem,
    needsWrapping: (stored) => schemes.find(stored.scheme)?.fast?.split(stored) !== undefined,
    async wrap(stored) {
      const scheme = schemes.find(stored.scheme)
      if (!scheme) return undefined
      const run = await queue.run(BACKGROUND, () => wrap(scheme, stored))
      if (run.outcome === 'busy') throw new HashingBusyError(run.retryAfterSeconds)
      return run.result
    },
    depth: queue.depth,
    fastSchemes: schemes.fastNames,
  }
}
