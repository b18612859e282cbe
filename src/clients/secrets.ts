import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { ClientSecret } from './client.ts'

/** Shorter client secrets are refused where they are given. */
export const FEWEST_SECRET_CHARACTERS = 16

/** A secret that is made here: 256 random bits. */
export function newSecretValue(): string {
  return randomBytes(32).toString('base64url')
}

/**
 * Client secrets are machine-made and long, so a plain digest is enough and costs a token request nothing; a slow
 * hash is for what people choose. The digest is of the exact bytes: a secret with a NUL appended is another secret.
 */
export function digestSecret(secret: string): string {
  return hash('sha256', secret, 'base64url')
}

/** True when `presented` is one of the secrets that have not expired at `now` (epoch seconds). */
export function matchesSecret(secrets: readonly ClientSecret[], presented: string, now: number): boolean {
  return matchesDigest(secrets, digestSecret(presented), now)
}

/** The same for a secret of which only the digest is at hand. */
export function matchesDigest(secrets: readonly ClientSecret[], presented: string, now: number): boolean {
  const digest = Buffer.from(presented)
  let matches = false
  for (const { sha256, expiresAt } of secrets) {
    const isLive = expiresAt === undefined || expiresAt > now
    const isSame = timingSafeEqual(digest, Buffer.from(sha256))
    matches ||= isLive && isSame
  }
  return matches
}
