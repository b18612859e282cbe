import type { BodyError } from './read-body.ts'

/** What is learnt about a request on its way, for the log and the trace: who asked for what, in kinds. */
export type RequestFacts = {
  clientId?: string
  grantType?: string
  /** The shop system's token API that answered, and which of its endpoints. */
  dialect?: string
  endpoint?: string
  traceId?: string
  /** The keyed digest of the sign-in that the request is a part of. Written by `noteSignIn` of `http/request-id`. */
  signIn?: string
}

/**
 * Everything that one part of the server leaves in a request for another part. A token request that a dialect makes
 * within its own request starts with a copy.
 */
export type RequestState = {
  /** Written by `http/request-id` before anything else runs. Read by logs, the audit trail, traces and error answers. */
  requestId: string
  /** Written by `http/trace-requests`, `oauth/engine/note-request` and dialects. Read by the access log and the trace. */
  facts?: RequestFacts
  /** The host of a dialect that was asked for, unless it is the issuer's. Written by the host guard, read by dialects. */
  mountedHost?: string | undefined
  /** The name of the route in metrics, where its path does not say it. Written by dialects, read by `measureRequests`. */
  route?: string
  /** The body, or why there is none to read. Written and read by dialects: two endpoints may share a path. */
  dialectBody?: Promise<string | BodyError>
  /** The path below a dialect's base path, once its endpoint has left the request to OAuth. Written and read by dialects. */
  passedOnPath?: string
  /** The secret of a new form cookie. Written and read by `http/form-tokens`: all forms of one page share it. */
  formSecret?: string
  /** How the login of a token request was judged. Written by the grants that check one, read by dialects. */
  authentication?: JudgedLogin
  /** The shop's customer service did not answer. Written by `oauth/engine/events`, read by dialects. */
  isCustomerServiceAway?: true
  /** Access tokens that a dialect was given within this request, so far. Written by dialects, read by grants. */
  issuedTokens?: readonly string[]
  /** The dialect's answer must have a refresh token. Written by dialects, read by the grants that give none otherwise. */
  needsRefreshToken?: boolean
  /** What a dialect says of the sign-in. Written by dialects, read where grants are made and by the claims of tokens. */
  dialectSession?: Readonly<Record<string, string>>
  /** The dialect's clients know no answer that is given twice. Written by dialects, read by the refresh grant. */
  refusesRepeats?: boolean
  /** What a refresh needs before it is answered, for the app. Written by the refresh grant, read by `oauth/challenge/token-answers`. */
  missingSteps?: object
  /** The grant type has ended for the client. Written by `oauth/engine/grant-sunsets`, read by dialects. */
  grantHasEnded?: boolean
  /** The answer was given before, to the same refresh token. Written by the refresh grant, read by `oauth/tokens/issued-tokens`. */
  repeatsAnswer?: boolean
  /** What a refresh did to its family. Written by the refresh grant, read by `oauth/tokens/issued-tokens`. */
  refreshed?: RefreshedFamily
  /** A browser's sign-out ended grants. Written and read by `oauth/engine/end-grant`: a bare session is told of otherwise. */
  hasEndedGrants?: boolean
  /**
   * The browser session that outlives the sign-out everywhere which its own customer asks for in this request, by the name that is in no
   * cookie. Written by the account pages, read by `endSignIn`.
   */
  keptSessionUid?: string
  /** The visitor's id in a token without a session. Written by the anonymous grant, read by the claims of its token. */
  anonymousId?: string | undefined
}

/** Which places of a refresh token family ended, and when the token that was answered ends (epoch seconds). */
export type RefreshedFamily = { readonly replacedPlace?: number; readonly expiresAt: number }

/** What a caller of the token endpoint is never told, and a dialect may need for its own words. */
export type JudgedLogin = {
  readonly outcome: 'authenticated' | 'unconfirmed' | 'second-factor-required' | 'refused' | 'locked' | 'busy'
  readonly reason?: string
  readonly retryAfterSeconds?: number
  /** `busy` because the shop's customer service does not answer. */
  readonly isServiceAway?: true
}

/** The state of a request under way; the one place where Koa's untyped `state` gets its type. */
export function requestState({ state }: { readonly state: object }): RequestState {
  // Nothing else writes into it, and `requestId` is there before anything reads it.
  return state as RequestState
}
