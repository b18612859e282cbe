import { createPrivateKey, type KeyObject } from 'node:crypto'
import type { ResolvedUpstream } from './kinds.ts'

type Prover = Pick<ResolvedUpstream, 'clientAuthentication'>

/** Whether a private key proves the client, in place of a shared secret. */
export function provesByKey({ clientAuthentication }: Prover): boolean {
  return clientAuthentication === 'apple_key' || clientAuthentication === 'private_key_jwt'
}

/** Why a secret does not fit the way in which the client proves itself; undefined when it fits. */
export function secretFault(upstream: Prover, secret: string | undefined): string | undefined {
  if (upstream.clientAuthentication === 'none')
    return secret === undefined ? undefined : 'client_authentication is none: leave the secret out'
  if (secret === undefined) return 'a secret is needed'
  if (!provesByKey(upstream)) return undefined
  const key = readKey(secret)
  if (!key) return 'the secret must be a private key in PEM (PKCS #8)'
  const needed = upstream.clientAuthentication === 'apple_key' ? ['ES256'] : ['ES256', 'RS256', 'EdDSA']
  return needed.includes(algorithmOf(key)) ? undefined : `the private key must be one for ${needed.join(', ')}`
}

/** The private key of a secret; undefined where it is none. */
export function readKey(secret: string): KeyObject | undefined {
  try {
    return createPrivateKey(secret)
  } catch {
    return undefined
  }
}

/** The JWS algorithm that a private key signs with; empty for a key that is not used here. */
export function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string {
  if (asymmetricKeyType === 'ec') return asymmetricKeyDetails?.namedCurve === 'prime256v1' ? 'ES256' : ''
  if (asymmetricKeyType === 'ed25519') return 'EdDSA'
  return asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048 ? 'RS256' : ''
}
