import { findSignIns } from '../../audit/sign-ins.ts'
import type { Config } from '../../config.ts'
import { currentRequest, sessionKeptUnderWay } from '../../http/request-id.ts'
import type { EndRefused } from '../../oauth/accounts/account.ts'
import { createSessionIndex, type SessionIndex } from '../../oauth/browser/session-index.ts'
import { createRefreshTokens, type RefreshTokens } from '../../oauth/refresh/refresh-tokens.ts'
import { createSignOutCutOffs, type SignOutCutOffs } from '../../oauth/sign-out-cut-offs.ts'
import { type ActiveGrants, createActiveGrants } from '../../oauth/sign-outs/active-grants.ts'
import { createEndRefused } from '../../oauth/sign-outs/end-refused.ts'
import { createEndSignIn, type EndSignIn } from '../../oauth/sign-outs/end-sign-in.ts'
import { createFindRecorded, type FindRecorded } from '../../oauth/tokens/find-recorded.ts'
import { createReadToken } from '../../oauth/tokens/known-tokens.ts'
import { createFindToken, type FindToken } from '../../oauth/tokens/token-status.ts'
import type { Backends } from '../backends.ts'

/** What is known about tokens and sign-ins once they were given. */
export type TokenServices = {
  readonly cutOffs: SignOutCutOffs
  readonly endSignIn: EndSignIn
  readonly endRefused: EndRefused
  readonly refreshTokens: RefreshTokens
  readonly findToken: FindToken
  readonly activeGrants: ActiveGrants
  readonly sessionIndex: SessionIndex
  readonly findRecorded: FindRecorded
}

export type TokenBackends = Pick<
  Backends,
  'database' | 'storage' | 'keyRing' | 'keyUsage' | 'tokenKeys' | 'endingLog' | 'publishSignInEnded' | 'tokenHistory'
>

/** The stores and rules that say whether a token works. */
export function createTokenServices(
  { ISSUER: issuer }: Pick<Config, 'ISSUER'>,
  {
    database: { knex },
    storage,
    keyRing,
    keyUsage,
    tokenKeys,
    endingLog,
    publishSignInEnded,
    tokenHistory,
  }: TokenBackends,
  builtIn: readonly { readonly issuer?: string }[],
): TokenServices {
  const cutOffs = createSignOutCutOffs(storage)
  const endSignIn = createEndSignIn({
    storage,
    endingLog,
    publishSignInEnded,
    currentRequest,
    sessionKept: sessionKeptUnderWay,
  })
  const refreshTokens = createRefreshTokens({ storage, macKeys: tokenKeys })
  const readToken = createReadToken({
    keys: keyRing.keys,
    issuers: [issuer, ...builtIn.flatMap((server) => server.issuer ?? [])],
    onSeen: keyUsage.seen,
  })
  return {
    cutOffs,
    endSignIn,
    endRefused: createEndRefused(endSignIn),
    refreshTokens,
    findToken: createFindToken({ storage, refreshTokens, cutOffs, readToken }),
    findRecorded: createFindRecorded({ history: tokenHistory, refreshTokens, readToken }),
    sessionIndex: createSessionIndex({ storage, sealKeys: tokenKeys, cutOffs, endSignIn }),
    activeGrants: createActiveGrants({
      storage,
      cutOffs,
      endSignIn,
      findSignIns: (filter) => findSignIns(knex, filter),
    }),
  }
}
