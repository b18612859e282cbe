import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import { z } from 'zod'
import type { GuardedFetch } from '../../outgoing/guarded-fetch.ts'
import { readJson } from './metadata.ts'
import { UpstreamError } from './upstream-error.ts'

/** The keys at one address, each with the issuer that it alone signs for, where the provider says so. */
export type KeySet = { readonly find: JWTVerifyGetKey; issuerOf(kid: string | undefined): string | undefined }

export type FindKeySet = (url: string) => KeySet

const jwks = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(100) })

const TTL_MS = 600_000
/** A token with an unknown key has the keys fetched anew, but not every time somebody sends one. */
const AGAIN_AFTER_MS = 30_000

type Kept = { readonly keys: JSONWebKeySet; readonly fetchedAtMs: number }

/** The key sets of providers: remembered for ten minutes, and fetched anew where a token names a key that is not there. */
export function createKeySets({
  fetch,
  now = Date.now,
}: {
  readonly fetch: GuardedFetch
  /** Epoch milliseconds. */
  readonly now?: () => number
}): FindKeySet {
  const kept = new Map<string, Kept>()

  async function load(url: string, maxAgeMs: number): Promise<JSONWebKeySet> {
    const known = kept.get(url)
    if (known && now() - known.fetchedAtMs < maxAgeMs) return known.keys
    const found = jwks.safeParse(await readJson(fetch, url, 'keys'))
    if (!found.success) throw new UpstreamError('keys', 'the answer is no key set')
    const keys = found.data as JSONWebKeySet // jose looks at the other members itself
    kept.set(url, { keys, fetchedAtMs: now() })
    return keys
  }

  return (url) => ({
    async find(header, token) {
      try {
        return await createLocalJWKSet(await load(url, TTL_MS))(header, token)
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
        return await createLocalJWKSet(await load(url, AGAIN_AFTER_MS))(header, token)
      }
    },
    issuerOf(kid) {
      // Entra's own member of a key.
      const { issuer } = (kept.get(url)?.keys.keys.find((key) => key.kid === kid) ?? {}) as { issuer?: unknown }
      return typeof issuer === 'string' ? issuer : undefined
    },
  })
}
