import {
  constants,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  type SigningOptions,
  sign,
} from 'node:crypto'
import { promisify } from 'node:util'
import { calculateJwkThumbprint } from 'jose'
import type { KeyMaterial, PublicJwk } from '../key-record.ts'
import { publicMembers } from '../key-record.ts'
import type { SigningAlgorithm } from '../signing-key.ts'
import { inTwoHalves } from './ecdsa-signature.ts'

/** 2048 bits is what RFC 7518 §3.3 asks for at least; 3072 would triple the time of each signature. */
const RSA_BITS = 2048
const PSS_SALT_LENGTH = 32

const makeKeyPair = promisify(generateKeyPair)

/** A key pair made here, with its RFC 7638 thumbprint. RSA takes tenths of a second, on the thread pool. */
export async function generateKey(
  algorithm: SigningAlgorithm,
): Promise<{ kid: string; publicJwk: PublicJwk; material: KeyMaterial }> {
  const { privateKey } = await keyPair(algorithm)
  const privateJwk = privateKey.export({ format: 'jwk' })
  const publicJwk = publicMembers(privateJwk)
  return { kid: await calculateJwkThumbprint(publicJwk), publicJwk, material: { kind: 'local', privateJwk } }
}

/** The public half as node:crypto wants it. */
export function publicKeyOf(publicJwk: PublicJwk): KeyObject {
  return createPublicKey({ key: publicJwk, format: 'jwk' })
}

/**
 * A key that brings along how it is used. Node reads options from a key as it does from an object around one, but looks into
 * such an object by failing twice: at each signature that cost as much as half of it.
 */
export function withOptions(key: KeyObject, options: SigningOptions): KeyObject {
  return Object.assign(key, options)
}

/** A function that signs in this process, synchronously: password hashing on the thread pool cannot delay it. */
export function localSigner(
  algorithm: SigningAlgorithm,
  privateJwk: Extract<KeyMaterial, { kind: 'local' }>['privateJwk'],
): (signingInput: Uint8Array) => Uint8Array {
  const key = createPrivateKey({ key: { ...privateJwk }, format: 'jwk' })
  switch (algorithm) {
    case 'ES256':
      return (signingInput) => inTwoHalves(sign('sha256', signingInput, key))
    case 'RS256':
      return (signingInput) => sign('sha256', signingInput, key)
    case 'PS256': {
      const { RSA_PKCS1_PSS_PADDING: padding } = constants
      const padded = withOptions(key, { padding, saltLength: PSS_SALT_LENGTH })
      return (signingInput) => sign('sha256', signingInput, padded)
    }
    case 'EdDSA':
      return (signingInput) => sign(null, signingInput, key)
  }
}

function keyPair(algorithm: SigningAlgorithm): Promise<{ privateKey: KeyObject }> {
  switch (algorithm) {
    case 'ES256':
      return makeKeyPair('ec', { namedCurve: 'P-256' })
    case 'EdDSA':
      return makeKeyPair('ed25519', {})
    case 'RS256':
    case 'PS256':
      return makeKeyPair('rsa', { modulusLength: RSA_BITS })
  }
}
