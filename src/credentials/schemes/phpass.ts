import { hash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { type FastHash, fastScheme } from './scheme.ts'

const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** 2^16 rounds of md5 take about 50 ms. */
const MAX_ROUNDS_LOG2 = 16
const ROUNDS_PER_TURN = 512
const SHAPE = /^(\$[PH]\$([./0-9A-Za-z])[./0-9A-Za-z]{8})([./0-9A-Za-z]{22})$/

/** phpass "portable": `$P$` or `$H$`, rounds, eight characters of salt, then md5 in an alphabet of its own. */
export const phpassHash: FastHash = {
  split({ hash: stored }) {
    const [, rest, rounds, digest] = SHAPE.exec(stored) ?? []
    if (!rest || !rounds || !digest) return undefined
    const log2 = ALPHABET.indexOf(rounds)
    return log2 >= 7 && log2 <= MAX_ROUNDS_LOG2 ? { digest, rest } : undefined
  },
  async digest(form, rest) {
    const password = Buffer.from(form)
    const rounds = 2 ** ALPHABET.indexOf(rest.charAt(3))
    let digest = hash('md5', Buffer.concat([Buffer.from(rest.slice(4)), password]), 'buffer')
    for (let round = 0; round < rounds; round++) {
      digest = hash('md5', Buffer.concat([digest, password]), 'buffer')
      // Requests that only need a signature must not wait for all the rounds.
      if (round % ROUNDS_PER_TURN === ROUNDS_PER_TURN - 1) await setImmediate()
    }
    return encode64(digest)
  },
}

export const phpass = fastScheme(
  'phpass',
  `$P$ or $H$ with 34 characters and at most 2^${MAX_ROUNDS_LOG2} rounds`,
  phpassHash,
)

function encode64(bytes: Buffer): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 3) {
    const group = bytes.subarray(at, at + 3)
    const value = (group[0] ?? 0) | ((group[1] ?? 0) << 8) | ((group[2] ?? 0) << 16)
    for (let digit = 0; digit <= group.length; digit++) text += ALPHABET[(value >> (6 * digit)) & 63]
  }
  return text
}
