import { createPublicKey, randomBytes } from 'node:crypto'
import { calculateJwkThumbprint } from 'jose'
import { z } from 'zod'
import { type PublicJwk, publicMembers } from '../key-record.ts'
import { KeyStoreError } from '../key-store.ts'
import type { SigningAlgorithm } from '../signing-key.ts'
import { inProcessSigner, type Signer } from './signer.ts'

const TIMEOUT_MS = 5000

const KEY_TYPES: Readonly<Record<SigningAlgorithm, string>> = {
  ES256: 'ecdsa-p256',
  RS256: 'rsa-2048',
  PS256: 'rsa-2048',
  EdDSA: 'ed25519',
}

/** `jws` marshaling is the IEEE P1363 form; it and the RSA options are ignored where they mean nothing. */
const SIGN_OPTIONS: Readonly<Record<SigningAlgorithm, object>> = {
  ES256: { marshaling_algorithm: 'jws' },
  RS256: { signature_algorithm: 'pkcs1v15' },
  PS256: { signature_algorithm: 'pss', salt_length: 'hash' },
  EdDSA: {},
}

const keyAnswer = z.object({ data: z.object({ keys: z.object({ 1: z.object({ public_key: z.string() }) }) }) })
const signAnswer = z.object({ data: z.object({ signature: z.string().regex(/^vault:v\d+:/) }) })

/**
 * HashiCorp Vault's transit engine, `vault:https://vault.example:8200/transit`. One transit key per signing key, made
 * there, never exportable. Signing is a round trip: prefer local keys where a request must be fast.
 *
 * @throws {KeyStoreError} when Vault does not answer or refuses the token.
 */
export async function openVaultSigner(url: string, token: string): Promise<Signer> {
  const call = createCaller(url, token)
  await call('GET', 'keys?list=true', undefined, [404])

  return {
    async generate(algorithm) {
      const name = `vestibule-${algorithm.toLowerCase()}-${randomBytes(8).toString('hex')}`
      await call('POST', `keys/${name}`, { type: KEY_TYPES[algorithm], exportable: false })
      const answer = keyAnswer.parse(await call('GET', `keys/${name}`))
      const publicJwk = readPublicKey(algorithm, answer.data.keys[1].public_key)
      const material = { kind: 'external', reference: `vault:${name}` } as const
      return { kid: await calculateJwkThumbprint(publicJwk), publicJwk, material }
    },
    signer(record) {
      const name = nameOf(record.material)
      if (name === undefined) return inProcessSigner.signer(record)
      return async (signingInput) => {
        const input = Buffer.from(signingInput).toString('base64')
        const options = { ...SIGN_OPTIONS[record.algorithm], key_version: 1 }
        const answer = signAnswer.parse(await call('POST', `sign/${name}/sha2-256`, { input, ...options }))
        return Buffer.from(answer.data.signature.replace(/^vault:v\d+:/, ''), 'base64')
      }
    },
    async destroy({ material }) {
      const name = nameOf(material)
      if (name === undefined) return
      await call('POST', `keys/${name}/config`, { deletion_allowed: true })
      await call('DELETE', `keys/${name}`)
    },
    close: async () => {},
  }
}

type Caller = (method: string, path: string, body?: object, alsoFine?: readonly number[]) => Promise<unknown>

function createCaller(url: string, token: string): Caller {
  const { origin, pathname } = addressOf(url)
  const mount = pathname.replace(/^\/|\/$/g, '') || 'transit'

  return async (method, path, body, alsoFine = []) => {
    const response = await fetch(`${origin}/v1/${mount}/${path}`, {
      method,
      headers: { 'x-vault-token': token, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: 'error',
    }).catch((error: Error & { cause?: NodeJS.ErrnoException }) => {
      const reason = error.cause?.code ?? error.name
      throw new KeyStoreError(
        `SIGNER_URL does not answer at ${origin} (${reason}). Start Vault or correct the address.`,
      )
    })
    const text = await response.text()
    if (response.ok || alsoFine.includes(response.status)) return text === '' ? {} : JSON.parse(text)
    throw new KeyStoreError(
      `SIGNER_URL answers ${response.status} to ${method} ${mount}/${path.split('?')[0]}. ` +
        'Give the token in SIGNER_SECRET a policy that may create, read, sign, configure and delete its transit keys.',
    )
  }
}

function addressOf(url: string): URL {
  try {
    return new URL(url.slice('vault:'.length))
  } catch {
    throw new KeyStoreError('SIGNER_URL must be like vault:https://vault.example:8200/transit.')
  }
}

function nameOf(material: { kind: string; reference?: string }): string | undefined {
  return material.reference?.startsWith('vault:') ? material.reference.slice('vault:'.length) : undefined
}

/** Vault gives PEM for EC and RSA, and the 32 bytes in Base64 for Ed25519. */
function readPublicKey(algorithm: SigningAlgorithm, text: string): PublicJwk {
  if (algorithm !== 'EdDSA') return publicMembers(createPublicKey(text).export({ format: 'jwk' }))
  return { crv: 'Ed25519', kty: 'OKP', x: Buffer.from(text, 'base64').toString('base64url') }
}
