import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { inTwoHalves } from '../../src/keys/signers/ecdsa-signature.ts'

/** Makes JWTs of the size of `example`, each with an id of its own and a new ES256 signature, synchronously. */
export function createSigner(example: string): () => string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const [header = '', payload = ''] = example.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { jti: string } // our own JWT
  return () => {
    claims.jti = randomBytes(16).toString('base64url')
    const signed = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`
    return `${signed}.${Buffer.from(inTwoHalves(sign('sha256', Buffer.from(signed), privateKey))).toString('base64url')}`
  }
}
