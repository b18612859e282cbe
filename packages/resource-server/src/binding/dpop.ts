import { createHash } from 'node:crypto'
import { calculateJwkThumbprint, EmbeddedJWK, type JWK, type JWTVerifyResult, jwtVerify } from 'jose'
import type { Incoming } from '../incoming.ts'
import { AccessRefused, unavailable } from '../refused.ts'
import { createNonces } from './dpop-nonce.ts'
import type { DpopOptions } from './dpop-options.ts'
import { createReplayStore } from './replay-store.ts'

/** Algorithms of proofs; challenges name them. */
export const DPOP_ALGORITHMS = ['ES256', 'EdDSA', 'Ed25519', 'PS256', 'RS256', 'ES384', 'ES512'] as const

export type Dpop = {
  readonly isRequired: boolean
  /** @throws AccessRefused unless the request proves possession of the key `jkt` for this token. */
  check(incoming: Incoming, proven: { readonly token: string; readonly jkt: string }): Promise<Record<string, string>>
  /** A nonce for the next proof, where nonces are wanted. */
  nonce(): string | undefined
}

export type DpopDeps = {
  readonly options: DpopOptions
  readonly publicUrl: string | undefined
  readonly clockSkewSeconds: number
  readonly onFull: () => void
  readonly now: () => number
}

const MAX_PROOF_BYTES = 8192

/** Checks proofs by RFC 9449 §4.3: signature, method, address, age, the token's digest, one use, and the nonce. */
export function createDpop({ options, publicUrl, clockSkewSeconds, onFull, now }: DpopDeps): Dpop {
  const { isRequired = false, maxAgeSeconds = 60, maxProofs = 100_000, nonce = false } = options
  const nonceOptions = nonce === true ? {} : nonce
  const nonces = nonceOptions ? createNonces(nonceOptions.secret, nonceOptions.seconds ?? 300, now) : undefined
  const store = options.replayStore ?? createReplayStore(maxProofs, now, onFull)

  const refuse = (reason: string) => new AccessRefused('invalid_dpop_proof', { reason, ...nextNonce() })
  const nextNonce = () => (nonces ? { dpopNonce: nonces.current() } : {})

  async function verify(proof: string): Promise<JWTVerifyResult> {
    try {
      return await jwtVerify(proof, EmbeddedJWK, {
        typ: 'dpop+jwt',
        algorithms: [...DPOP_ALGORITHMS],
        currentDate: new Date(now()),
        clockTolerance: clockSkewSeconds,
      })
    } catch (error) {
      throw refuse(error instanceof Error ? error.message : 'the proof cannot be read')
    }
  }

  function addressOf({ origin, target }: Incoming): string {
    const base = publicUrl === undefined ? origin : publicUrl.replace(/\/$/, '')
    return comparable(base + target) ?? ''
  }

  return {
    isRequired,
    nonce: () => nonces?.current(),
    async check(incoming, { token, jkt }) {
      const proofs = incoming.header('dpop')
      const [proof = ''] = proofs
      if (proofs.length !== 1 || proof === '' || proof.includes(',')) throw refuse('there is not exactly one proof')
      if (proof.length > MAX_PROOF_BYTES) throw refuse(`the proof is longer than ${MAX_PROOF_BYTES} bytes`)
      const { payload, protectedHeader } = await verify(proof)
      const { htm, htu, ath, iat, jti, nonce: given } = payload
      if (htm !== incoming.method) throw refuse('the proof is for another method')
      if (typeof htu !== 'string' || comparable(htu) !== addressOf(incoming))
        throw refuse('the proof is for another address')
      if (ath !== createHash('sha256').update(token).digest('base64url')) throw refuse('the proof is for another token')
      if (typeof jti !== 'string' || jti === '' || jti.length > 512) throw refuse('the proof has no usable jti')
      const age = typeof iat === 'number' ? now() / 1000 - iat : Number.NaN
      if (!(age <= maxAgeSeconds + clockSkewSeconds && age >= -clockSkewSeconds))
        throw refuse('the proof is too old, or of the future')
      // EmbeddedJWK took it from the header, so it is there.
      const thumbprint = await calculateJwkThumbprint(protectedHeader.jwk as JWK, 'sha256')
      if (thumbprint !== jkt) throw refuse('the proof is by another key than the token is bound to')
      if (nonces && !nonces.isGood(given)) {
        throw new AccessRefused('use_dpop_nonce', { reason: 'the proof has no nonce of now', ...nextNonce() })
      }
      const id = createHash('sha256').update(`${jkt} ${jti}`).digest('base64url')
      const untilMs = now() + (maxAgeSeconds + 2 * clockSkewSeconds) * 1000
      const outcome = await store.remember({ id, jkt, untilMs })
      if (outcome === 'full') throw unavailable('no more proofs can be remembered')
      if (outcome !== 'new') throw refuse('the proof was used before')
      const headers: Record<string, string> = {}
      if (nonces?.isAging(String(given))) headers['DPoP-Nonce'] = nonces.current()
      return headers
    },
  }
}

/** An address without query and fragment, written as all are (RFC 9449 §4.3). */
function comparable(address: string): string | undefined {
  if (!URL.canParse(address)) return undefined
  const { origin, pathname } = new URL(address)
  return origin + pathname
}
