import { constants, createPublicKey, type KeyObject, type SigningOptions, verify } from 'node:crypto'
import { withOptions } from '../../keys/signers/key-material.ts'
import type { SigningAlgorithm, SigningKey } from '../../keys/signing-key.ts'

export type TokenPayload = Readonly<Record<string, unknown>> & {
  readonly exp: number
  readonly iat: number
  readonly jti: string
}

export type VerificationDeps = {
  readonly keys: readonly SigningKey[]
  /** What our tokens say as `iss`: the issuer, and what resource servers of dialects say instead. */
  readonly issuers: readonly string[]
  /** Told the key of each token with a good signature, so that it is known which keys are still in use. */
  readonly onSeen?: (kid: string) => void
}

const SHAPE = /^[\w-]+\.[\w-]+\.[\w-]+$/
const MAX_LENGTH = 64 * 1024
/** How far the clocks of our nodes may differ: that much later is a JWT taken as expired. */
export const CLOCK_TOLERANCE_SECONDS = 15

/** True when the value has the form of a JWS: it is looked up by its signature, not in storage. */
export function isStructured(value: string): boolean {
  return SHAPE.test(value)
}

/**
 * The payload of a JWT that we signed, whether or not it has expired, and the key that signed it; undefined for anything else. Only our own published
 * keys are tried, found by `kid`, with the algorithm of the key and never that of the header: a header cannot bring a
 * key along or choose `none` (RFC 8725 §3.1).
 */
export function readStructured(
  value: string,
  { keys, issuers, onSeen }: VerificationDeps,
): { readonly payload: TokenPayload; readonly key: SigningKey } | undefined {
  if (value.length > MAX_LENGTH || !isStructured(value)) return undefined
  const [header = '', body = '', signature = ''] = value.split('.')
  const { kid, alg, crit } = parse(header) ?? {}
  const key = keys.find((candidate) => candidate.kid === kid)
  if (!key || key.algorithm !== alg || crit !== undefined) return undefined
  if (!isSignedBy(key, `${header}.${body}`, Buffer.from(signature, 'base64url'))) return undefined

  onSeen?.(key.kid)

  const payload = parse(body)
  if (typeof payload?.iss !== 'string' || !issuers.includes(payload.iss)) return undefined
  if (typeof payload.jti !== 'string') return undefined
  if (typeof payload.iat !== 'number' || typeof payload.exp !== 'number') return undefined
  return { payload: payload as TokenPayload, key } // its three members were looked at
}

const verifiers = new WeakMap<KeyObject, KeyObject>()

/** A copy of a public key that brings along how it is used. */
function verifierOf({ algorithm, publicKey }: SigningKey): KeyObject {
  const known = verifiers.get(publicKey)
  if (known) return known
  const copy = createPublicKey({ key: publicKey.export({ format: 'jwk' }), format: 'jwk' })
  const verifier = withOptions(copy, VERIFICATION[algorithm].options)
  verifiers.set(publicKey, verifier)
  return verifier
}

function isSignedBy(key: SigningKey, signingInput: string, signature: Buffer): boolean {
  try {
    return verify(VERIFICATION[key.algorithm].digest, Buffer.from(signingInput), verifierOf(key), signature)
  } catch {
    return false
  }
}

const VERIFICATION: Record<SigningAlgorithm, { digest: string | null; options: SigningOptions }> = {
  ES256: { digest: 'sha256', options: { dsaEncoding: 'ieee-p1363' } },
  RS256: { digest: 'sha256', options: { padding: constants.RSA_PKCS1_PADDING } },
  PS256: {
    digest: 'sha256',
    options: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
  },
  EdDSA: { digest: null, options: {} },
}

function parse(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>) // an object, and no list
      : undefined
  } catch {
    return undefined
  }
}
