import { type JWTPayload, jwtVerify } from 'jose'
import { ALGORITHMS } from '../options.ts'
import { unavailable } from '../refused.ts'
import type { KeySet } from './key-set.ts'

/** Verifies what the server itself publishes: pages of the feed and status lists. @throws when it is not the server's. */
export type VerifyDocument = (
  jwt: string,
  expected: { readonly typ: string; readonly issuer?: string; readonly subject?: string; readonly now: number },
) => Promise<JWTPayload>

export function createVerifyDocument(keySet: KeySet, clockSkewSeconds: number): VerifyDocument {
  return async function verifyDocument(jwt, { typ, issuer, subject, now }) {
    const { payload } = await jwtVerify(
      jwt,
      async ({ kid, alg }) => {
        const found = typeof kid === 'string' ? await keySet.find(kid, alg) : undefined
        if (found?.outcome === 'unreachable') throw unavailable('the key set cannot be had')
        if (found?.outcome !== 'found') throw new Error('it names a key that is not published')
        return found.key
      },
      {
        typ,
        algorithms: [...ALGORITHMS],
        clockTolerance: clockSkewSeconds,
        currentDate: new Date(now),
        ...(issuer !== undefined && { issuer }),
        ...(subject !== undefined && { subject }),
      },
    )
    if (typeof payload.iat !== 'number' || payload.iat * 1000 > now + clockSkewSeconds * 1000) {
      throw new Error('it was issued in the future, or does not say when')
    }
    return payload
  }
}
