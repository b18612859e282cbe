import { createHmac, randomInt } from 'node:crypto'
import { typedCode } from '../../credentials/typed-code.ts'
import type { Storage } from '../../storage/storage.ts'
import type { Customer } from '../customer.ts'
import type { MailBudgets } from '../recovery/recovery-budgets.ts'
import { type Asker, languagesFor, type PostLetter } from '../recovery/recovery-letters.ts'

/** Codes by mail for one step of one sign-in. */
export type MailedCodes = {
  /** Mails a new code, which ends the one before; false where too many were asked for. */
  send(step: MailedStep, asker: Asker): Promise<boolean>
  /** Uses the code up; true for exactly one caller. */
  redeem(step: MailedStep, code: string): Promise<boolean>
}

/** `place` is what the code is bound to: a sign-in under way, which another browser cannot go on with. */
export type MailedStep = { readonly customer: Customer; readonly place: string }

export type MailedCodesDeps = {
  readonly storage: Pick<Storage, 'put' | 'get' | 'consume' | 'increment'>
  readonly budgets: Pick<MailBudgets, 'takeForAccount' | 'takeForPlace'>
  readonly postLetter: PostLetter
  /** Keys the digests: six digits would be guessed from a plain one. */
  readonly digestKey: string
}

const KIND = 'MailedSecondFactor'
const TTL_SECONDS = 600
const DIGITS = 6
/** Of one code; then another one must be asked for. */
const MAX_TRIES = 5

/** Six digits that live ten minutes, for one sign-in, one at a time. The mailbox is all they prove. */
export function createMailedCodes({ storage, budgets, postLetter, digestKey }: MailedCodesDeps): MailedCodes {
  const digest = ({ customer, place }: MailedStep, code: string) =>
    createHmac('sha256', digestKey).update(`second-factor\n${customer.id}\n${place}\n${code}`).digest('base64url')

  return {
    async send(step, asker) {
      const { customer, place } = step
      if ((await budgets.takeForPlace(asker.ip, 'codes')) !== undefined) return false
      if (!(await budgets.takeForAccount('second-factor', customer.email, asker))) return false
      const code = String(randomInt(10 ** DIGITS)).padStart(DIGITS, '0')
      await storage.put(KIND, place, { digest: digest(step, code) }, TTL_SECONDS)
      postLetter(async () => ({
        kind: 'second-factor-code',
        to: customer.email,
        languages: languagesFor(customer.locale, asker.languages),
        ...(customer.givenName !== undefined && { givenName: customer.givenName }),
        ttlSeconds: TTL_SECONDS,
        values: { code: `${code.slice(0, 3)} ${code.slice(3)}` },
      }))
      return true
    },

    async redeem(step, code) {
      const stored = await storage.get(KIND, step.place)
      if (!stored || stored.consumedAt !== undefined) return false
      const expected = String(stored.artifact.digest)
      const tries = await storage.increment(`second-factor-mail:tries:${expected}`, TTL_SECONDS)
      // Digests under a secret key: how much of them agrees tells nothing of the code.
      if (tries > MAX_TRIES || digest(step, typedCode(code)) !== expected) return false
      return storage.consume(KIND, step.place)
    },
  }
}
