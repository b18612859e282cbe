import type { SigningKey } from '../../keys/signing-key.ts'

/** The claims of a Security Event Token (RFC 8417 §2.2). */
export type SetClaims = Readonly<Record<string, unknown>>

export type SignSet = (claims: SetClaims) => Promise<string>

/**
 * Signs Security Event Tokens, always with RS256, which every receiver must know (CAEP Interoperability Profile 1.0 §2.6).
 *
 * @throws where no key signs so; SIGNING_ALGORITHMS always has it.
 */
export function createSignSet(keys: () => readonly SigningKey[]): SignSet {
  return async function signSet(claims) {
    const key = keys().find(({ algorithm, state }) => algorithm === 'RS256' && state === 'active')
    if (!key) throw new Error('no key signs RS256')
    const input = [{ alg: key.algorithm, typ: 'secevent+jwt', kid: key.kid }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')
    const signature = await key.sign(Buffer.from(input))
    return `${input}.${Buffer.from(signature).toString('base64url')}`
  }
}
