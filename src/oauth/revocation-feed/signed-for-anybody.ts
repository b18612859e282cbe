import type { JwtSigner } from '../tokens/sign-jwt.ts'

/** The cheapest signature that every verifier knows comes first. */
const ALGORITHMS = ['ES256', 'RS256', 'PS256', 'EdDSA'] as const

/** A JWT for everybody who reads the key set, signed by the first of these algorithms that has a key. */
export function signedForAnybody(signer: JwtSigner, typ: string, claims: object): Promise<string> {
  const algorithm = ALGORITHMS.find(signer.canSign) ?? ALGORITHMS[0]
  return signer.sign({ typ, algorithm }, JSON.stringify(claims))
}
