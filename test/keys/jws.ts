import { compactVerify, importJWK, type JWSHeaderParameters } from 'jose'
import type { SigningKey } from '../../src/keys/signing-key.ts'

/** A JWS signed by `key`, as the server would make it. */
export async function issue(key: SigningKey, payload: object = { sub: 'sonia' }): Promise<string> {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signingInput = `${part({ alg: key.algorithm, kid: key.kid })}.${part(payload)}`
  return `${signingInput}.${Buffer.from(await key.sign(Buffer.from(signingInput))).toString('base64url')}`
}

/** Verifies with jose, by the published keys alone; throws when no key fits. */
export async function verify(token: string, published: readonly SigningKey[]): Promise<JWSHeaderParameters> {
  const { protectedHeader } = await compactVerify(token, async (header) => {
    const key = published.find(({ kid }) => kid === header.kid)
    if (!key) throw new Error(`no published key has kid ${header.kid}`)
    return importJWK(key.publicKey.export({ format: 'jwk' }), key.algorithm)
  })
  return protectedHeader
}
