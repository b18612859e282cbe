import { hash, timingSafeEqual } from 'node:crypto'
import { randomText } from '../../random.ts'
import type { Storage } from '../../storage/storage.ts'
import { createMac } from './mac.ts'

/**
 * A refresh token belongs to a family: the chain of tokens that rotation makes of one sign-in. Storage holds one
 * small record a family, whatever the number of rotations. The token names its family and its place in the chain, and
 * a MAC proves that we made it; so a token that was rotated away long ago is still recognised as ours, and as stolen,
 * without a memory of each.
 *
 * Layout: `vrt_` family (22) nonce (22) MAC (22) place (base 36).
 */
export type RefreshTokenParts = { readonly family: string; readonly place: number }

const PREFIX = 'vrt_'
const RANDOM_BYTES = 16
const PART = 22
const PATTERN = /^vrt_[\w-]{66}[0-9a-z]{1,7}$/

export type RefreshTokens = ReturnType<typeof createRefreshTokens>

/**
 * Makes and reads refresh tokens. The first of `macKeys` signs, all of them are accepted; the list is looked at each
 * time, so that its keys can be replaced while the server runs.
 */
export function createRefreshTokens(deps: { storage: Storage; macKeys: readonly [string, ...string[]] }) {
  const { storage, macKeys } = deps

  function issue(family: string, place: number): string {
    const nonce = randomText(RANDOM_BYTES)
    return `${PREFIX}${family}${nonce}${mac(macKeys[0], family, nonce, place)}${place.toString(36)}`
  }

  return {
    first: (): string => issue(randomText(RANDOM_BYTES), 0),

    /** The token that takes the place of one with these parts. */
    next: ({ family, place }: RefreshTokenParts): string => issue(family, place + 1),

    /** Whether a string has the form of one; the MAC is not checked. */
    hasForm: (token: string): boolean => PATTERN.test(token),

    /** The parts of a token that we made; undefined for any other string, at no cost to storage. */
    parse: (token: string): RefreshTokenParts | undefined => parse(token, macKeys),

    /** What a family's record keeps of its current token. */
    digest: (token: string): string => hash('sha256', token, 'base64url'),

    async remove(token: string): Promise<void> {
      const parts = parse(token, macKeys)
      if (parts) await storage.remove('RefreshToken', parts.family)
    },
  }
}

function parse(token: string, macKeys: readonly string[]): RefreshTokenParts | undefined {
  if (!PATTERN.test(token)) return undefined
  const at = (index: number) => token.slice(PREFIX.length + index * PART, PREFIX.length + (index + 1) * PART)
  const [family, nonce, given] = [at(0), at(1), at(2)]
  const place = Number.parseInt(token.slice(PREFIX.length + 3 * PART), 36)
  const isOurs = macKeys.some((key) => {
    const expected = Buffer.from(mac(key, family, nonce, place))
    return expected.length === Buffer.byteLength(given) && timingSafeEqual(expected, Buffer.from(given))
  })
  return isOurs ? { family, place } : undefined
}

function mac(key: string, family: string, nonce: string, place: number): string {
  const digest = macUnder(key)(`${family}.${nonce}.${place}`)
  return Buffer.from(digest.slice(0, 2 * RANDOM_BYTES), 'hex').toString('base64url')
}

/** Few: of the keys that are in use, and of those before them. */
const macs = new Map<string, ReturnType<typeof createMac>>()

function macUnder(key: string): ReturnType<typeof createMac> {
  const known = macs.get(key) ?? createMac(key)
  macs.set(key, known)
  return known
}
