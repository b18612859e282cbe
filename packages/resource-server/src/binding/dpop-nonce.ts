import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** Nonces that need no storage: the time of their making, and a code that only this service can make. */
export type Nonces = {
  /** The nonce of now. */
  current(): string
  /** Whether it was made here and is not too old. */
  isGood(nonce: unknown): boolean
  /** Whether a client should get a newer one. */
  isAging(nonce: string): boolean
}

export function createNonces(secret: string | undefined, seconds: number, now: () => number): Nonces {
  if (secret !== undefined && secret.length < 32) throw new TypeError('dpop.nonce.secret has at least 32 characters')
  const key = secret ?? randomBytes(32)
  const make = (madeAt: number) => {
    const code = createHmac('sha256', key).update(`vestibule dpop nonce ${madeAt}`).digest('base64url').slice(0, 32)
    return `${madeAt.toString(36)}.${code}`
  }
  const madeAtOf = (nonce: string) => Number.parseInt(nonce.split('.')[0] ?? '', 36)
  const nowSeconds = () => Math.floor(now() / 1000)

  return {
    current: () => make(nowSeconds()),
    isGood(nonce) {
      if (typeof nonce !== 'string' || nonce.length > 64) return false
      const madeAt = madeAtOf(nonce)
      if (!(madeAt <= nowSeconds() + 1) || madeAt + seconds < nowSeconds()) return false
      const [given, made] = [Buffer.from(nonce), Buffer.from(make(madeAt))]
      return given.length === made.length && timingSafeEqual(given, made)
    },
    isAging: (nonce) => madeAtOf(nonce) + seconds / 2 < nowSeconds(),
  }
}
