import { base64url, random, sha256 } from './bytes.ts'
import type { KeyPair } from './types.ts'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' } as const

/** A key that can be used here, and read by nothing: no script takes it away. */
export function newKey(): Promise<KeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, false, ['sign', 'verify'])
}

/** What a proof is for. */
export type Proven = {
  readonly url: string
  readonly method: string
  readonly accessToken?: string | undefined
  readonly nonce?: string | undefined
}

/** A DPoP proof (RFC 9449 §4.2). */
export async function proofOf(
  { publicKey, privateKey }: KeyPair,
  { url, method, accessToken, nonce }: Proven,
): Promise<string> {
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', publicKey)
  const { origin, pathname } = new URL(url)
  const head = part({ alg: 'ES256', typ: 'dpop+jwt', jwk: { kty, crv, x, y } })
  const body = part({
    jti: random(),
    htm: method,
    htu: origin + pathname,
    iat: Math.floor(Date.now() / 1000),
    ...(accessToken !== undefined && { ath: await sha256(accessToken) }),
    ...(nonce !== undefined && { nonce }),
  })
  const signed = new TextEncoder().encode(`${head}.${body}`)
  const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, privateKey, signed)
  return `${head}.${body}.${base64url(signature)}`
}

function part(json: object): string {
  return base64url(new TextEncoder().encode(JSON.stringify(json)))
}
