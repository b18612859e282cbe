import { hash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { fastScheme } from './scheme.ts'

const MAX_ITERATIONS = 100_000
const ITERATIONS_PER_TURN = 512

/** Shopware's `legacy_encoder` Md5: `hash:salt`, password first; or a bare md5. */
export const shopwareMd5 = fastScheme('shopware-md5', 'hash:salt or an md5 of 32 hexadecimal digits', {
  split(stored) {
    const [, digest, salt] = /^([0-9a-fA-F]{32})(?::(.*))?$/s.exec(stored.hash) ?? []
    return digest === undefined ? undefined : { digest: digest.toLowerCase(), rest: salt ?? stored.salt ?? '' }
  },
  digest: async (form, salt) => hash('md5', form + salt),
})

/** Shopware's `legacy_encoder` Sha256: `iterations:salt:hash`, one round more than it says. */
export const shopwareSha256 = fastScheme(
  'shopware-sha256',
  `iterations:salt:hash with at most ${MAX_ITERATIONS} iterations`,
  {
    split(stored) {
      const [, rest, iterations, digest] = /^((\d{1,7}):[^:]*):([0-9a-fA-F]{64})$/s.exec(stored.hash) ?? []
      if (!rest || !digest || Number(iterations) > MAX_ITERATIONS) return undefined
      return { digest: digest.toLowerCase(), rest }
    },
    async digest(form, rest) {
      const colon = rest.indexOf(':')
      const iterations = Number(rest.slice(0, colon))
      const salt = rest.slice(colon + 1)
      let digest = ''
      for (let round = 0; round <= iterations; round++) {
        digest = hash('sha256', digest + form + salt)
        if (round % ITERATIONS_PER_TURN === ITERATIONS_PER_TURN - 1) await setImmediate()
      }
      return digest
    },
  },
)
