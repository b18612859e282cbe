import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Storage } from '../../storage/storage.ts'

/** What a challenge is for. An upgrade is a registration that the browser made by itself, without asking the person. */
export type Ceremony = 'sign-in' | 'registration' | 'upgrade'

export type Challenges = {
  /** A new challenge for this ceremony; `place` names where it may be used: an interaction, or a session and its person. */
  issue(ceremony: Ceremony, place: string): string
  /** True once, for exactly one caller: it was issued for this ceremony at this place, is not too old, and is used up now. */
  redeem(ceremony: Ceremony, place: string, challenge: string): Promise<boolean>
}

export type ChallengesDeps = {
  readonly storage: Pick<Storage, 'putOnce'>
  /** Of this deployment: every node has the same. */
  readonly key: string
  /** Epoch milliseconds. */
  readonly now?: () => number
}

const USED = 'UsedPasskeyChallenge'
/** As long as an interaction: autofill waits as long as the page is open. */
const TTL_SECONDS = 3600
const RANDOM_BYTES = 16
const TIME_BYTES = 6
const BYTES = RANDOM_BYTES + TIME_BYTES + 32

/**
 * Challenges that say themselves what they are for: random bytes, the time, and a MAC over both, the ceremony and the
 * place. Every view of the login page has one, and only those that are used are stored.
 */
export function createChallenges({ storage, key, now = Date.now }: ChallengesDeps): Challenges {
  const sign = (ceremony: Ceremony, place: string, head: Buffer) =>
    createHmac('sha256', key).update(`passkey challenge\n${ceremony}\n${place}\n`).update(head).digest()

  return {
    issue(ceremony, place) {
      const head = Buffer.concat([randomBytes(RANDOM_BYTES), Buffer.alloc(TIME_BYTES)])
      head.writeUIntBE(now(), RANDOM_BYTES, TIME_BYTES)
      return Buffer.concat([head, sign(ceremony, place, head)]).toString('base64url')
    },

    async redeem(ceremony, place, challenge) {
      const bytes = Buffer.from(challenge, 'base64url')
      if (bytes.length !== BYTES || bytes.toString('base64url') !== challenge) return false
      const head = bytes.subarray(0, RANDOM_BYTES + TIME_BYTES)
      if (!timingSafeEqual(bytes.subarray(head.length), sign(ceremony, place, head))) return false
      const ageMs = now() - head.readUIntBE(RANDOM_BYTES, TIME_BYTES)
      if (ageMs > TTL_SECONDS * 1000) return false
      // Another node's clock may be ahead: what is kept outlives the challenge.
      return storage.putOnce(USED, challenge, {}, 2 * TTL_SECONDS)
    },
  }
}
