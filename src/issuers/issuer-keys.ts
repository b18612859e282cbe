import { createLocalJWKSet, errors, type JSONWebKeySet, type JWK, type JWTVerifyGetKey } from 'jose'
import { z } from 'zod'
import { createRecent } from '../cache.ts'
import type { GuardedFetch } from '../outgoing/guarded-fetch.ts'
import { messageOf } from '../thrown.ts'
import type { TrustedIssuer } from './issuer-schema.ts'

/** The keys of an issuer cannot be had; the message says at which step, for operators. */
export class KeysUnavailable extends Error {}

export type IssuerKeys = ReturnType<typeof createIssuerKeys>

export type IssuerKeysDeps = {
  readonly fetch: GuardedFetch
  /** Epoch milliseconds. */
  readonly now?: () => number
  /** Told once for each try that failed. */
  readonly onProblem?: (issuerId: string, problem: string) => void
}

const metadata = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https?$/ }) })
const jwks = z.object({ keys: z.array(z.unknown()).max(100) })

const FRESH_MS = 600_000
/** Keys that cannot be fetched again are used for this long after they were. */
const USABLE_MS = 3_600_000
/** An unknown key has the keys fetched anew, and not each time somebody sends one. */
const UNKNOWN_AGAIN_MS = 60_000
/** After a failure nobody waits for another one. */
const FAILED_AGAIN_MS = 10_000
const LIMIT = 1000

type Entry = {
  keys?: JWTVerifyGetKey
  fetchedAtMs: number
  triedAtMs: number
  problem?: string
  loading?: Promise<void>
}

/**
 * The keys of trusted issuers: remembered for ten minutes, and fetched anew where an assertion names a key that is not there, at
 * most once a minute. Without keys nothing is taken.
 */
export function createIssuerKeys({ fetch, now = () => Date.now(), onProblem }: IssuerKeysDeps) {
  const entries = createRecent<Entry>(LIMIT)

  function entryOf({ issuer, jwks_uri: uri = '' }: TrustedIssuer): Entry {
    const name = `${issuer}\n${uri}`
    const entry = entries.get(name) ?? { fetchedAtMs: Number.NEGATIVE_INFINITY, triedAtMs: Number.NEGATIVE_INFINITY }
    entries.set(name, entry)
    return entry
  }

  /** One request for all who wait. */
  function load(entry: Entry, record: TrustedIssuer): Promise<void> {
    entry.loading ??= tryToLoad(entry, record).finally(() => {
      delete entry.loading
    })
    return entry.loading
  }

  async function tryToLoad(entry: Entry, record: TrustedIssuer): Promise<void> {
    entry.triedAtMs = now()
    try {
      entry.keys = createLocalJWKSet(await fetchKeys(fetch, record))
      entry.fetchedAtMs = now()
      delete entry.problem
    } catch (error) {
      entry.problem = error instanceof KeysUnavailable ? error.message : messageOf(error)
      onProblem?.(record.id, entry.problem)
    }
  }

  async function keysOf(entry: Entry, record: TrustedIssuer): Promise<JWTVerifyGetKey> {
    if (now() - entry.fetchedAtMs > FRESH_MS && (!entry.problem || now() - entry.triedAtMs > FAILED_AGAIN_MS))
      await load(entry, record)
    if (entry.keys && now() - entry.fetchedAtMs <= USABLE_MS) return entry.keys
    throw new KeysUnavailable(entry.problem ?? 'there are no keys')
  }

  return {
    /** Finds the key of an assertion. @throws {KeysUnavailable} */
    keysOf(record: TrustedIssuer): JWTVerifyGetKey {
      return async function findKey(header, token) {
        const entry = entryOf(record)
        const keys = await keysOf(entry, record)
        try {
          return await keys(header, token)
        } catch (error) {
          if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
          // Others may be fetching them, or may have while this one looked.
          const isSame = entry.keys === keys && !entry.loading
          if (isSame && now() - entry.triedAtMs < UNKNOWN_AGAIN_MS) throw error
          if (entry.keys === keys) await load(entry, record)
          return await (await keysOf(entry, record))(header, token)
        }
      }
    },
    /** How many keys an issuer publishes now. @throws {KeysUnavailable} */
    look: async (record: TrustedIssuer): Promise<number> => (await fetchKeys(fetch, record)).keys.length,
  }
}

/** The keys of an issuer that a signature can be checked with. @throws {KeysUnavailable} */
async function fetchKeys(fetch: GuardedFetch, record: TrustedIssuer): Promise<JSONWebKeySet> {
  const address = record.jwks_uri ?? (await discover(fetch, record.issuer))
  const found = jwks.safeParse(await readJson(await answer(fetch, address, 'keys'), 'keys'))
  if (!found.success) throw new KeysUnavailable('keys: the answer is no key set')
  const keys = found.data.keys.flatMap(usableKey)
  if (keys.length === 0) throw new KeysUnavailable('keys: there is none that a signature can be checked with')
  return { keys }
}

/** The key set that the issuer's metadata name: RFC 8414 §3.1, and OpenID Connect Discovery where that answers 404. */
async function discover(fetch: GuardedFetch, issuer: string): Promise<string> {
  const { origin, pathname } = new URL(issuer)
  const path = pathname.replace(/\/$/, '')
  const first = await answer(fetch, `${origin}/.well-known/oauth-authorization-server${path}`, 'metadata', [200, 404])
  const second = `${origin}${path}/.well-known/openid-configuration`
  const found = metadata.safeParse(
    await readJson(first.status === 404 ? await answer(fetch, second, 'metadata') : first, 'metadata'),
  )
  if (!found.success) throw new KeysUnavailable('metadata: issuer or jwks_uri is missing')
  if (found.data.issuer !== issuer) throw new KeysUnavailable('metadata: they are of another issuer')
  return found.data.jwks_uri
}

type Step = 'metadata' | 'keys'

async function answer(fetch: GuardedFetch, url: string, step: Step, statuses: readonly number[] = [200]) {
  const response = await fetch(url, { headers: { accept: 'application/json' } }).catch((error: unknown) => {
    throw new KeysUnavailable(`${step}: no answer (${messageOf(error)})`)
  })
  if (!statuses.includes(response.status)) throw new KeysUnavailable(`${step}: answered ${response.status}`)
  return response
}

async function readJson(response: Response, step: Step): Promise<unknown> {
  try {
    return await response.json()
  } catch {
    throw new KeysUnavailable(`${step}: the answer is not JSON`)
  }
}

/** 8192 bits; a longer modulus, and a longer exponent than that of common keys, cost time and prove no more. */
const LONGEST_MODULUS = 1366
const LONGEST_EXPONENT = 6

const member = z.string().max(2000)
const publicKey = z.object({
  kty: z.enum(['RSA', 'EC', 'OKP']),
  kid: z.string().max(255).optional(),
  alg: z.string().max(20).optional(),
  use: z.string().max(20).optional(),
  key_ops: z.array(z.string().max(20)).max(10).optional(),
  crv: z.string().max(20).optional(),
  x: member.optional(),
  y: member.optional(),
  n: z.string().max(LONGEST_MODULUS).optional(),
  e: z.string().max(LONGEST_EXPONENT).optional(),
})

/** The public members alone; nothing of a shared secret, of a key that is too large, and of what is no key. */
function usableKey(given: unknown): JWK[] {
  const found = publicKey.safeParse(given)
  if (!found.success) return []
  return [JSON.parse(JSON.stringify(found.data)) as JWK] // members that are undefined are gone from the copy
}
