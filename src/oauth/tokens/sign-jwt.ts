import type { SigningAlgorithm, SigningKey } from '../../keys/signing-key.ts'

/** What a JWT says of itself, and by which algorithm it is signed. */
export type JwtHeader = { readonly typ: string; readonly algorithm: SigningAlgorithm }

/** Signs JWTs with the keys that sign for the engine as well. */
export type JwtSigner = {
  /** Whether there is a key for an algorithm. */
  canSign(algorithm: string): algorithm is SigningAlgorithm
  /**
   * The JWS in its compact form (RFC 7515 §3.1).
   * @throws where no key signs so.
   */
  sign(header: JwtHeader, payload: string): Promise<string>
}

/** Makes such a signer; of `keys`, those that sign come before the others. */
export function createJwtSigner(keys: () => readonly SigningKey[]): JwtSigner {
  const headers = new WeakMap<SigningKey, Map<string, string>>()

  function headerOf(key: SigningKey, typ: string): string {
    const known = headers.get(key) ?? new Map<string, string>()
    headers.set(key, known)
    const header = known.get(typ) ?? encode(JSON.stringify({ alg: key.algorithm, typ, kid: key.kid }))
    known.set(typ, header)
    return header
  }

  const keyFor = (algorithm: string) => keys().find((key) => key.algorithm === algorithm)

  return {
    canSign: (algorithm): algorithm is SigningAlgorithm => keyFor(algorithm) !== undefined,

    async sign({ typ, algorithm }, payload) {
      const key = keyFor(algorithm)
      if (!key) throw new Error(`no key signs ${algorithm}`)
      const input = `${headerOf(key, typ)}.${encode(payload)}`
      const signature = await key.sign(Buffer.from(input))
      return `${input}.${Buffer.from(signature).toString('base64url')}`
    },
  }
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url')
}
