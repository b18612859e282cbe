import { createHmac, randomInt, timingSafeEqual } from 'node:crypto'
import type { SendMail } from '../mailer.ts'
import type { Storage } from '../storage/storage.ts'
import type { Authentication } from './authenticate.ts'
import type { Directory } from './directory.ts'
import { normalizeEmail } from './email.ts'
import type { Lockout, LoginContext } from './lockout.ts'

export type OneTimePasswords = {
  /** Mails a code to the customer with this login. Nobody learns whether there is one: it goes on in the background. */
  request(login: string): void
  /** Checks a code, once. Every refusal is the same. */
  authenticate(login: string, code: string, context: LoginContext): Promise<Authentication>
}

export type OneTimePasswordDeps = {
  readonly storage: Pick<Storage, 'put' | 'get' | 'consume' | 'increment'>
  readonly directory: Pick<Directory, 'findByLogin'>
  readonly lockout: Pick<Lockout, 'reserve'>
  readonly sendMail: SendMail
  /** Keys the digests: a code is short, and would be guessed from a plain one. */
  readonly digestKey: string
  readonly onError: (error: unknown) => void
}

const KIND = 'OneTimePassword'
const TTL_SECONDS = 600
const LENGTH = 6
/** Without what is easily misread. */
const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789'
/** Wrong tries a code survives, whoever makes them. */
const MAX_TRIES = 5
/** Mails to one login in ten minutes. */
const MAX_REQUESTS = 5

/** Codes by mail, in place of a password: six characters, ten minutes, one use, a few tries. */
export function createOneTimePasswords(deps: OneTimePasswordDeps): OneTimePasswords {
  const { storage, directory, lockout, digestKey } = deps
  const digest = (subject: string, code: string) =>
    createHmac('sha256', digestKey).update(`one-time-password\n${subject}\n${code}`).digest('base64url')

  async function send(login: string): Promise<void> {
    const subject = normalizeEmail(login)
    const found = await directory.findByLogin(subject)
    if (found?.customer.status !== 'active') return
    if ((await storage.increment(`one-time-password:sent:${subject}`, TTL_SECONDS)) > MAX_REQUESTS) return
    const code = Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')
    await storage.put(KIND, subject, { digest: digest(subject, code) }, TTL_SECONDS)
    await deps.sendMail(mailWith(found.customer.email, code))
  }

  /** True when the code is the one that was mailed; it is used up then, and after too many tries. */
  async function redeem(subject: string, code: string): Promise<boolean> {
    const stored = await storage.get(KIND, subject)
    if (!stored || stored.consumedAt !== undefined) return false
    const tries = await storage.increment(`one-time-password:tries:${String(stored.artifact.digest)}`, TTL_SECONDS)
    if (tries > MAX_TRIES) return false
    const [expected, given] = [String(stored.artifact.digest), digest(subject, code.trim().toLowerCase())]
    return timingSafeEqual(Buffer.from(expected), Buffer.from(given)) && storage.consume(KIND, subject)
  }

  return {
    request(login) {
      send(login).catch(deps.onError)
    },

    async authenticate(login, code, context) {
      const subject = normalizeEmail(login)
      const { lockedForSeconds, settle } = await lockout.reserve(subject, code, context)
      if (lockedForSeconds !== undefined) {
        await settle('unchecked')
        return { outcome: 'locked', retryAfterSeconds: lockedForSeconds }
      }
      const isRight = await redeem(subject, code)
      const customer = isRight ? (await directory.findByLogin(subject))?.customer : undefined
      await settle(customer?.status === 'active' ? 'success' : 'failure')
      if (customer?.status !== 'active') return { outcome: 'refused', reason: 'wrong-password' }
      return customer.emailVerified ? { outcome: 'authenticated', customer } : { outcome: 'unconfirmed', customer }
    },
  }
}

function mailWith(to: string, code: string) {
  const text = `Your code is ${code}\n\nIt works for ten minutes, once. If you did not ask for it, ignore this mail.`
  return { to, subject: 'Your sign-in code', text }
}
