import type { CryptoKey, JWK } from 'jose'
import { importJWK } from 'jose'
import type { Emit } from '../events.ts'
import type { KeyOptions } from '../options.ts'
import type { Ask } from '../outgoing.ts'
import { jsonObject } from '../outgoing.ts'

export type FoundKey =
  | { readonly outcome: 'found'; readonly key: CryptoKey | Uint8Array }
  | { readonly outcome: 'unknown' }
  /** There are no keys that may still be used, or the last fetch failed and the key may be new. */
  | { readonly outcome: 'unreachable' }

export type KeySet = {
  find(kid: string, alg: string): Promise<FoundKey>
  /** Grows with each set that differs: what was verified by an earlier set is verified again. */
  generation(): number
  fetchedAtMs(): number | undefined
}

export type KeySetDeps = {
  readonly url: () => Promise<string>
  readonly ask: Ask
  readonly options: Required<KeyOptions>
  readonly emit: Emit
  readonly now: () => number
}

type Known = {
  readonly keys: readonly JWK[]
  readonly text: string
  readonly etag: string | null
  readonly fetchedAtMs: number
}

const MAX_BYTES = 1_048_576
const MAX_KEYS = 100

/**
 * The server's published keys (RFC 7517). They are fetched again when they are old, or when a token names a key that is
 * not among them, but never twice within the cooldown. While the server is away the keys at hand are used until
 * `staleSeconds` after the last fetch.
 */
export function createKeySet({ url, ask, options, emit, now }: KeySetDeps): KeySet {
  const [cacheMs, cooldownMs, staleMs] = [
    options.cacheSeconds * 1000,
    options.cooldownSeconds * 1000,
    options.staleSeconds * 1000,
  ]
  let known: Known | undefined
  let triedAtMs = Number.NEGATIVE_INFINITY
  let failed = false
  let generation = 0
  let underWay: Promise<void> | undefined
  let imported = new Map<string, Promise<CryptoKey | Uint8Array>>()

  async function fetchSet(): Promise<Known> {
    const address = await url()
    const headers = { accept: 'application/json', ...(known?.etag && { 'if-none-match': known.etag }) }
    const { status, headers: said, body } = await ask(address, { maxBytes: MAX_BYTES, headers })
    if (status === 304 && known) return { ...known, fetchedAtMs: now() }
    if (status !== 200) throw new Error(`${address} answered ${status}`)
    const { keys } = jsonObject(body)
    if (!Array.isArray(keys) || keys.length > MAX_KEYS)
      throw new Error(`${address} is no key set of at most ${MAX_KEYS} keys`)
    const usable = keys.filter(isPublicSigningKey)
    return { keys: usable, text: JSON.stringify(usable), etag: said.get('etag'), fetchedAtMs: now() }
  }

  async function refresh(): Promise<void> {
    triedAtMs = now()
    try {
      const next = await fetchSet()
      if (next.text !== known?.text) {
        generation += 1
        imported = new Map()
      }
      known = next
      if (failed) emit({ event: 'keys.recovered', level: 'info', message: 'The key set was fetched again.' })
      failed = false
    } catch (error) {
      failed = true
      const until = known ? new Date(known.fetchedAtMs + staleMs).toISOString() : undefined
      const message = until
        ? `The key set cannot be fetched. The keys at hand are used until ${until}; then every JWT is answered 503.`
        : 'The key set cannot be fetched, and there are no earlier keys: every JWT is answered 503.'
      emit({ event: 'keys.unreachable', level: known ? 'warn' : 'error', message, error: String(error) })
    } finally {
      underWay = undefined
    }
  }

  function refreshOnce(): Promise<void> {
    underWay ??= refresh()
    return underWay
  }

  return {
    async find(kid, alg) {
      const age = known ? now() - known.fetchedAtMs : Number.POSITIVE_INFINITY
      const mayFetch = underWay !== undefined || now() - triedAtMs >= (known ? cooldownMs : Math.min(cooldownMs, 2000))
      const isAtHand = keyOf(known, kid, alg) !== undefined
      if (mayFetch && (age > cacheMs || !isAtHand)) {
        const refreshing = refreshOnce()
        // While the server is known to be away, requests that have their key do not wait for another try.
        if (!failed || !isAtHand || age > staleMs) await refreshing
      }
      if (!known || now() - known.fetchedAtMs > staleMs) return { outcome: 'unreachable' }
      const jwk = keyOf(known, kid, alg)
      if (!jwk) return { outcome: failed ? 'unreachable' : 'unknown' }
      return { outcome: 'found', key: await importOnce(jwk, alg) }
    },
    generation: () => generation,
    fetchedAtMs: () => known?.fetchedAtMs,
  }

  function importOnce(jwk: JWK, alg: string): Promise<CryptoKey | Uint8Array> {
    const name = `${alg} ${jwk.kid}`
    let key = imported.get(name)
    if (!key) {
      key = importJWK(jwk, alg)
      imported.set(name, key)
    }
    return key
  }
}

function keyOf(known: Known | undefined, kid: string, alg: string): JWK | undefined {
  return known?.keys.find((each) => each.kid === kid && (each.alg === undefined ? fits(each, alg) : each.alg === alg))
}

function fits({ kty, crv }: JWK, alg: string): boolean {
  if (kty === 'RSA') return /^[RP]S/.test(alg)
  if (kty === 'OKP') return crv === 'Ed25519' && (alg === 'EdDSA' || alg === 'Ed25519')
  return kty === 'EC' && { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }[alg] === crv
}

/** Symmetric keys verify nothing here, whatever the set says. */
function isPublicSigningKey(value: unknown): value is JWK {
  if (typeof value !== 'object' || value === null) return false
  const { kty, use, kid, d } = value as Record<string, unknown> // an object, whose members are unknown
  const isAsymmetric = kty === 'RSA' || kty === 'EC' || kty === 'OKP'
  return isAsymmetric && (use === undefined || use === 'sig') && typeof kid === 'string' && d === undefined
}
