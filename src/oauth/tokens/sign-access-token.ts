import type { SigningKey } from '../../keys/signing-key.ts'

/** The claims of an access token, in the order in which they are written. */
export type AccessTokenClaims = Readonly<Record<string, unknown>>

/** Signs access tokens (RFC 9068 §2). */
export type AccessTokenSigner = {
  /** Whether there is a key for an algorithm. */
  canSign(algorithm: string): boolean
  /** @throws where there is none. */
  sign(algorithm: string, claims: AccessTokenClaims): Promise<string>
}

export type AccessTokenSignerDeps = {
  /** Those that sign come before the others. */
  readonly keys: () => readonly SigningKey[]
  /** Told the size of each payload, in bytes. */
  readonly noteSize: (bytes: number) => void
}

/** Signs with the key that signs for the engine as well. */
export function createAccessTokenSigner({ keys, noteSize }: AccessTokenSignerDeps): AccessTokenSigner {
  const headers = new WeakMap<SigningKey, string>()

  function headerOf(key: SigningKey): string {
    const known = headers.get(key)
    if (known !== undefined) return known
    const header = encode(JSON.stringify({ alg: key.algorithm, typ: 'at+jwt', kid: key.kid }))
    headers.set(key, header)
    return header
  }

  const keyFor = (algorithm: string) => keys().find((key) => key.algorithm === algorithm)

  return {
    canSign: (algorithm) => keyFor(algorithm) !== undefined,

    async sign(algorithm, claims) {
      const key = keyFor(algorithm)
      if (!key) throw new Error(`no key signs ${algorithm}`)
      const payload = JSON.stringify(claims)
      noteSize(Buffer.byteLength(payload))
      const input = `${headerOf(key)}.${encode(payload)}`
      const signature = await key.sign(Buffer.from(input))
      return `${input}.${Buffer.from(signature).toString('base64url')}`
    },
  }
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url')
}
