import { createHmac, randomInt, timingSafeEqual } from 'node:crypto'
import { normalizeEmail } from '../credentials/email.ts'
import type { Lockout } from '../credentials/lockout/lockout.ts'
import { NOWHERE } from '../credentials/lockout/lockout-names.ts'
import type { Mail, Mailer } from '../mail.ts'
import type { Storage } from '../storage/storage.ts'
import type { Authenticate } from './authenticate.ts'
import type { Directory } from './directory.ts'
import { type Measured, type Proofs, proofOf } from './proof.ts'

export type OneTimePasswords = {
  /** Mails a code to the customer with this login. In the background, so that the answer does not show whether there is one. */
  request(login: string): void
  /** Checks a code, once. Every refusal is the same. */
  readonly authenticate: Authenticate
}

export type OneTimePasswordDeps = {
  readonly storage: Pick<Storage, 'put' | 'get' | 'consume' | 'increment'>
  readonly directory: Pick<Directory, 'findByLogin'>
  readonly proofs: Pick<Proofs, 'measure'>
  readonly lockout: Pick<Lockout, 'reserve'>
  readonly postMail: Mailer['post']
  /** Keys the digests: a code is short, and would be guessed from a plain one. */
  readonly digestKey: string
}

const KIND = 'OneTimePassword'
const TTL_SECONDS = 600
const LENGTH = 6
/** Without what is easily misread. */
const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789'
/** Wrong tries a code survives, from all addresses together. */
const MAX_TRIES = 5
/** Mails to one login in ten minutes. */
const MAX_REQUESTS = 5

/** Codes by mail, in place of a password: six characters, ten minutes, one use, a few tries. */
export function createOneTimePasswords(deps: OneTimePasswordDeps): OneTimePasswords {
  const { storage, directory, proofs, lockout, digestKey } = deps
  const digest = (subject: string, code: string) =>
    createHmac('sha256', digestKey).update(`one-time-password\n${subject}\n${code}`).digest('base64url')

  async function write(login: string): Promise<Mail | undefined> {
    const subject = normalizeEmail(login)
    const madeAtMs = Date.now()
    const found = await directory.findByLogin(subject)
    if (found?.customer.status !== 'active') return undefined
    if ((await storage.increment(`one-time-password:sent:${subject}`, TTL_SECONDS)) > MAX_REQUESTS) return undefined
    const code = Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')
    await storage.put(KIND, subject, { digest: digest(subject, code), proof: proofOf(found, madeAtMs) }, TTL_SECONDS)
    return mailWith(found.customer.email, code)
  }

  /** The customer whose code it is, unless something ended it since; it is used up then, and after too many tries. */
  async function redeem(subject: string, code: string): Promise<Measured | undefined> {
    const stored = await storage.get(KIND, subject)
    const given = digest(subject, code.trim().toLowerCase())
    // Without a code the same is done with one that was not sent: the time must not tell whether one was sent.
    const expected = stored?.consumedAt === undefined ? String(stored?.artifact.digest ?? digest(subject, '')) : ''
    const tries = await storage.increment(`one-time-password:tries:${subject}:${expected}`, TTL_SECONDS)
    const isRight = expected.length === given.length && timingSafeEqual(Buffer.from(expected), Buffer.from(given))
    if (!stored || !isRight || tries > MAX_TRIES || !(await storage.consume(KIND, subject))) return undefined
    return proofs.measure(stored.artifact.proof)
  }

  return {
    request(login) {
      deps.postMail(() => write(login))
    },

    async authenticate(login, code, context = NOWHERE) {
      const subject = normalizeEmail(login)
      const { lockedForSeconds, settle } = await lockout.reserve(subject, code, context)
      if (lockedForSeconds !== undefined) {
        await settle('unchecked')
        return { outcome: 'locked', retryAfterSeconds: lockedForSeconds }
      }
      const found = await redeem(subject, code)
      await settle(found ? 'success' : 'failure')
      if (!found) return { outcome: 'refused', reason: 'wrong-password' }
      const { customer, proof } = found
      return customer.emailVerified
        ? { outcome: 'authenticated', customer, proof }
        : { outcome: 'unconfirmed', customer }
    },
  }
}

function mailWith(to: string, code: string): Mail {
  const text = `Your code is ${code}\n\nIt works for ten minutes, once. If you did not ask for it, ignore this mail.`
  return { to, subject: 'Your sign-in code', text }
}
