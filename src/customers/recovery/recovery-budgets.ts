import { normalizeEmail } from '../../credentials/email.ts'
import { isLoopback, networkOf } from '../../credentials/ip-network.ts'
import type { Lockout } from '../../credentials/lockout/lockout.ts'
import type { Storage } from '../../storage/storage.ts'
import type { Asker } from './recovery-letters.ts'

/** How many mails may be asked for, by whom and for whom. */
export type MailBudgets = {
  /** Counts a request from an address, for any account; seconds to wait when there were too many. */
  takeForPlace(ip: string, what?: keyof typeof PER_PLACE): Promise<number | undefined>
  /** Whether the account of this address may get another mail of this kind, asked for by this asker. */
  takeForAccount(kind: MailKind, email: string, asker: Pick<Asker, 'ip' | 'deviceId'>): Promise<boolean>
}

type MailKind = keyof typeof LIMITS

const PLACE_WINDOW_SECONDS = 3600
/**
 * Requests from one address; a shop's own counter or an office is one address. Of codes there are more, because they are asked for
 * at each sign-in.
 */
const PER_PLACE = { letters: 60, codes: 600 } as const

const LETTERS = { windowSeconds: 3600, perAsker: 3, together: 9 } as const
/** To one account: asked for by one asker, and by all strangers together. */
const LIMITS = {
  recovery: LETTERS,
  unblock: LETTERS,
  registration: LETTERS,
  confirmation: LETTERS,
  'email-change': LETTERS,
  'second-factor': { windowSeconds: 600, perAsker: 5, together: 15 },
  'one-time-password': { windowSeconds: 600, perAsker: 5, together: 15 },
} as const

/**
 * Counters against mail bombing. What is over an account's budget is dropped without a word. Devices and networks that
 * the account signed in from before have a budget apart: however much strangers ask for, its owner gets a mail.
 */
export function createMailBudgets({
  storage,
  lockout,
  exemptsLoopback,
}: {
  readonly storage: Pick<Storage, 'increment'>
  readonly lockout: Pick<Lockout, 'knows'>
  readonly exemptsLoopback: boolean
}): MailBudgets {
  return {
    async takeForPlace(ip, what = 'letters') {
      if (exemptsLoopback && isLoopback(ip)) return undefined
      const key = what === 'letters' ? 'mail:place' : `mail:place:${what}`
      const count = await storage.increment(`${key}:${networkOf(ip)}`, PLACE_WINDOW_SECONDS)
      return count > PER_PLACE[what] ? PLACE_WINDOW_SECONDS : undefined
    },
    async takeForAccount(kind, email, asker) {
      const { windowSeconds, perAsker, together } = LIMITS[kind]
      const isKnown = await lockout.knows(email, asker)
      const key = `mail:${kind}:${normalizeEmail(email)}:${isKnown ? 'known' : 'stranger'}`
      const from = (isKnown && asker.deviceId) || networkOf(asker.ip)
      if ((await storage.increment(`${key}:${from}`, windowSeconds)) > perAsker) return false
      return (await storage.increment(key, windowSeconds)) <= together
    },
  }
}
