import { createHmac, randomInt } from 'node:crypto'
import { normalizeEmail } from '../credentials/email.ts'
import { networkOf } from '../credentials/ip-network.ts'
import type { Lockout, Reservation } from '../credentials/lockout/lockout.ts'
import { NOWHERE } from '../credentials/lockout/lockout-names.ts'
import type { SignInContext } from '../credentials/password-check.ts'
import { typedCode } from '../credentials/typed-code.ts'
import { noteWhoseLater } from '../credentials/whose-attempt.ts'
import type { Storage } from '../storage/storage.ts'
import type { Authenticate, Authentication } from './authenticate.ts'
import type { Directory } from './directory.ts'
import { type Measured, type Proofs, proofOf } from './proof.ts'
import type { MailBudgets } from './recovery/recovery-budgets.ts'
import { type Asker, type Letter, languagesFor, type PostLetter } from './recovery/recovery-letters.ts'
import type { CheckFactor } from './second-factor/direct-check.ts'

export type OneTimePasswords = {
  /**
   * Mails a code to the customer with this login, in the customer's language before those of the asker. In the
   * background, so that the answer does not show whether there is one. `place` is a sign-in under way: the code works in
   * that alone.
   */
  request(login: string, asker: Asker, place?: string): void
  /** Checks a code, once. Every refusal is the same. */
  readonly authenticate: Authenticate
  /** The same with the key of a letter that resets passwords, which is used up; the password stays. */
  readonly authenticateByResetKey: Authenticate
}

export type OneTimePasswordDeps = {
  readonly storage: Pick<Storage, 'put' | 'get' | 'consume' | 'increment'>
  readonly directory: Pick<Directory, 'findByLogin'>
  readonly proofs: Pick<Proofs, 'measure'>
  readonly lockout: Pick<Lockout, 'reserve' | 'remember'>
  readonly budgets: Pick<MailBudgets, 'takeForAccount' | 'takeForPlace'>
  readonly postLetter: PostLetter
  /** The customer with an address whose password a key resets, for exactly one caller; absent where there are no such keys. */
  readonly redeemResetKey?: ((key: string, email: string) => Promise<Measured | undefined>) | undefined
  /** What is asked for beside the code: a mailbox is one factor. Nothing unless given. */
  readonly checkFactor?: CheckFactor
  /** Keys the digests: a code is short, and would be guessed from a plain one. */
  readonly digestKey: string
}

const KIND = 'OneTimePassword'
/** The code that a network asked for last, for one login. */
const ASKED = 'AskedOneTimePassword'
const TTL_SECONDS = 600
const LENGTH = 6
/** Without what is easily misread. */
const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789'
/** Wrong tries of one network at one login, in the time that a code lives. */
const MAX_TRIES = 5

/**
 * Codes by mail, in place of a password: six characters, ten minutes, one use, a few tries. Each network that asks has a
 * code of its own, and each that tries its own tries: what a stranger asks for and guesses ends no code but the
 * stranger's. A code works in every network, because people change theirs. Networks that asked for none guess within the
 * budgets of lockout; one that asked has five tries, and the mails that strangers can ask for are counted.
 */
export function createOneTimePasswords(deps: OneTimePasswordDeps): OneTimePasswords {
  const { storage, directory, proofs, lockout, budgets, digestKey } = deps
  const digest = (subject: string, code: string, place = '') =>
    createHmac('sha256', digestKey)
      .update(`one-time-password\n${subject}\n${code}${place && `\n${place}`}`)
      .digest('base64url')
  /** Who asks or tries: the sign-in under way where the code is bound to one, else the network. */
  const askedBy = (subject: string, from: string) => `${subject}\n${from}`
  const fromOf = ({ ip, place }: { readonly ip: string; readonly place?: string | undefined }) => place ?? networkOf(ip)

  async function write(login: string, { ip, languages }: Asker, place?: string): Promise<Letter | undefined> {
    const subject = normalizeEmail(login)
    if ((await budgets.takeForPlace(ip, 'codes')) !== undefined) return undefined
    if (!(await budgets.takeForAccount('one-time-password', subject, { ip }))) return undefined
    const from = fromOf({ ip, place })
    const code = Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')
    const id = digest(subject, code, place)
    // Also of an unknown login: what is tried next is judged alike.
    await storage.put(ASKED, askedBy(subject, from), { id }, TTL_SECONDS)
    const madeAtMs = Date.now()
    const found = await directory.findByLogin(subject)
    if (found?.customer.status !== 'active') return undefined
    await storage.put(KIND, id, { from, proof: proofOf(found, madeAtMs) }, TTL_SECONDS)
    const { email, locale, givenName } = found.customer
    return {
      kind: 'sign-in-code',
      to: email,
      languages: languagesFor(locale, languages),
      ...(givenName !== undefined && { givenName }),
      ttlSeconds: TTL_SECONDS,
      values: { code },
    }
  }

  /** The customer whose code it is, unless something ended it since. It is used up then. */
  async function redeem(subject: string, code: string, context: SignInContext): Promise<Measured | undefined> {
    const id = digest(subject, typedCode(code), context.place)
    const [tries, stored] = await Promise.all([
      storage.increment(`one-time-password:tries:${askedBy(subject, fromOf(context))}`, TTL_SECONDS),
      storage.get(KIND, id),
    ])
    if (tries > MAX_TRIES || !stored) return undefined
    const newest = await storage.get(ASKED, askedBy(subject, String(stored.artifact.from)))
    if (newest?.artifact.id !== id || !(await storage.consume(KIND, id))) return undefined
    return proofs.measure(stored.artifact.proof)
  }

  /** One that asked for a code is no guesser until its own tries are used up: strangers' guesses do not lock it out. */
  async function enter(subject: string, code: string, context: SignInContext): Promise<Reservation> {
    const hasAsked = (await storage.get(ASKED, askedBy(subject, fromOf(context)))) !== undefined
    if (!hasAsked) return lockout.reserve(subject, code, context)
    return {
      settle: async (result: Parameters<Reservation['settle']>[0]) => {
        if (result === 'success') await lockout.remember(subject, context)
      },
    }
  }

  const refusal = (subject: string, outcome: Authentication): Authentication =>
    noteWhoseLater(outcome, async () => (await directory.findByLogin(subject))?.customer.id)

  return {
    request(login, asker, place) {
      deps.postLetter(() => write(login, asker, place))
    },

    authenticate: checkBy(redeem),
    authenticateByResetKey: checkBy(async (subject, key) => deps.redeemResetKey?.(key, subject)),
  }

  function checkBy(
    redeemCode: (subject: string, code: string, context: SignInContext) => Promise<Measured | undefined>,
  ): Authenticate {
    return async (login, code, context = NOWHERE) => {
      const subject = normalizeEmail(login)
      const entered = await enter(subject, code, context)
      if (entered.lockedForSeconds !== undefined) {
        await entered.settle('unchecked')
        return refusal(subject, { outcome: 'locked', retryAfterSeconds: entered.lockedForSeconds })
      }
      const found = await redeemCode(subject, code, context)
      await entered.settle(found ? 'success' : 'failure')
      if (!found) return refusal(subject, { outcome: 'refused', reason: 'wrong-password' })
      const { customer, proof } = found
      if (!customer.emailVerified) return { outcome: 'unconfirmed', customer }
      const step = (await deps.checkFactor?.(customer, context)) ?? ({ outcome: 'authenticated' } as const)
      return step.outcome === 'refused' || step.outcome === 'locked' ? step : { ...step, customer, proof }
    }
  }
}
