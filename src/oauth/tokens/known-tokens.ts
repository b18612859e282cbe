import { createRecent } from '../../cache.ts'
import { hashId } from '../../storage/hash-id.ts'
import { type FoundToken, fromPayload } from './found-token.ts'
import { readStructured, type TokenPayload, type VerificationDeps } from './structured-tokens.ts'

/** A JWT that we signed, whether or not it has expired. */
export type KnownToken = {
  readonly payload: TokenPayload
  readonly token: FoundToken
}

/** Reads a JWT of ours; undefined for anything else. */
export type ReadToken = (value: string) => KnownToken | undefined

/** Tokens that are remembered at a time: some 20 MB. */
const MOST = 10_000

type Remembered = KnownToken & { readonly kid: string; readonly publicKey: object }

type Deps = Omit<VerificationDeps, 'keys'> & {
  /** The keys of now: a token whose key is gone is no token of ours any more, remembered or not. */
  readonly keys: () => VerificationDeps['keys']
}

/**
 * Reads JWTs of ours, and remembers by its digest each one whose signature was good until it expires: services show the
 * same token with every request, and checking a signature costs more than all the rest. What was not signed by us is
 * never remembered, so that strangers cannot push out what is.
 */
export function createReadToken({ keys, issuers, onSeen }: Deps): ReadToken {
  const known = createRecent<Remembered>(MOST)

  return function readToken(value) {
    const digest = hashId(value)
    const before = known.get(digest)
    if (before && isLive(before) && keys().some(({ publicKey }) => publicKey === before.publicKey)) {
      onSeen?.(before.kid)
      return before
    }
    known.delete(digest)
    const read = readStructured(value, { keys: keys(), issuers, ...(onSeen && { onSeen }) })
    if (!read) return undefined
    const { payload, key } = read
    const found = { payload, token: fromPayload(payload), kid: key.kid, publicKey: key.publicKey }
    if (isLive(found)) known.set(digest, found)
    return found
  }
}

function isLive({ payload }: KnownToken): boolean {
  return payload.exp * 1000 > Date.now()
}
