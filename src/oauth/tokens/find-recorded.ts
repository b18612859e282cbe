import { hashId } from '../../storage/hash-id.ts'
import type { RecordedToken, TokenHistory } from '../../token-history/token-history.ts'
import type { RefreshTokens } from '../refresh/refresh-tokens.ts'
import type { ReadToken } from './known-tokens.ts'
import { isStructured } from './structured-tokens.ts'

export type FindRecordedDeps = {
  readonly history: Pick<TokenHistory, 'find'>
  readonly refreshTokens: Pick<RefreshTokens, 'parse'>
  readonly readToken: ReadToken
}

/** The record of a token, by its value. */
export type FindRecorded = (value: string) => Promise<RecordedToken | undefined>

/**
 * Finds what is on record of a token that is shown. A JWT must have our signature: the record of a token is not shown
 * for another one that claims its `jti`.
 */
export function createFindRecorded({ history, refreshTokens, readToken }: FindRecordedDeps): FindRecorded {
  return async function findRecorded(value) {
    const key = keyOf(value)
    // A refresh token that is kept is on record each time it is given out: the newest says when it expires.
    const [newest] = key ? await history.find({ ...key, limit: 1 }) : []
    return newest
  }

  function keyOf(value: string): { readonly tokenId: string; readonly place?: number } | undefined {
    if (isStructured(value)) {
      const jti = readToken(value)?.payload.jti
      return jti === undefined ? undefined : { tokenId: jti }
    }
    const parts = refreshTokens.parse(value)
    return parts ? { tokenId: hashId(parts.family), place: parts.place } : { tokenId: hashId(value) }
  }
}
