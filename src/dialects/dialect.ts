import type { ResourceServer } from '../clients/resource-servers.ts'
import type { Config } from '../config.ts'
import type { TokenShape } from '../oauth/tokens/token-shape.ts'
import type { IssuedTokens, OAuthFailure, OAuthParameters } from './issued.ts'
import type { Outage } from './outage.ts'
import type { DialectServices } from './services.ts'

export type { Issued, IssuedTokens, OAuthFailure, OAuthParameters } from './issued.ts'

/**
 * One shop system's token API. A dialect is data and pure functions: it rewrites its request into OAuth parameters,
 * the ordinary token pipeline answers, and the answer is written back in the dialect's words.
 */
export type Dialect = {
  readonly name: string
  /** Its paths are another dialect's at the root: it is served only where DIALECT_MOUNTS says. */
  readonly needsMount?: true
  /**
   * Whose tokens this dialect mints: their audience, format, algorithm and scopes, their shape where it is not RFC 9068, and
   * what they say as `iss` where the shop's services do not read an address there.
   */
  readonly resourceServers: readonly (ResourceServer & { readonly shape?: TokenShape; readonly issuer?: string })[]
  /** In order: of two routes that match, the first answers. */
  readonly routes: readonly DialectRoute[]
  /** A body that cannot be read at all: 413 above the limit, 415 when it is compressed, 400 when it is not UTF-8 or broke off. */
  readonly onBadBody: (status: number, context: AnswerContext) => DialectAnswer
  /** The answer of every endpoint after the sunset day; its status should be 410. */
  readonly onGone: (context: AnswerContext) => DialectAnswer
  /** Something broke on our side (500), or is not reachable right now (503). */
  readonly onFailure: (outage: Outage & { readonly status: 500 | 503 }, context: AnswerContext) => DialectAnswer
  /** An unknown path below the dialect's own base path or at its own host; absent: the general 404. */
  readonly onUnknownPath?: (context: AnswerContext) => DialectAnswer
  /** Request headers of its own that browser apps may send. */
  readonly requestHeaders?: readonly string[]
}

/** Makes a dialect from the settings; `clientId` is the client its endpoints act for when a request names none. */
export type OpenDialect = (settings: Config, own: { readonly clientId: string }) => Dialect

export type DialectRoute = TokenRoute | ActionRoute | PassedRoute

/** An endpoint to the token pipeline. */
export type TokenRoute = {
  readonly method: 'POST'
  /** As `@koa/router` reads it: `/rest{/:store}/V1/…`. */
  readonly path: string
  /** For a path shared with OAuth itself: false hands the request on untouched. */
  readonly isMine?: (request: DialectRequest) => boolean
  /** A missing `client_id` is filled in with the dialect's own. */
  /** Its answer has a refresh token, also where the grant gives none. */
  readonly needsRefreshToken?: true
  readonly toOAuth: (request: DialectRequest, services: DialectServices) => Answerable<OAuthParameters | DialectAnswer>
  readonly fromSuccess: (tokens: IssuedTokens, context: AnswerContext) => DialectAnswer
  readonly fromError: (failure: OAuthFailure, context: AnswerContext) => DialectAnswer
  /** What else a success sets off; it must not delay the answer. */
  readonly afterSuccess?: (tokens: IssuedTokens, request: DialectRequest, services: DialectServices) => void
}

/** A path that is answered without the pipeline, or that walks through it in steps of its own. */
export type ActionRoute = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'ALL'
  readonly path: string
  /** Begins a session of the hosted pages, whose cookies are the issuer's: at another host people are sent there. */
  readonly isHosted?: true
  readonly act: (request: DialectRequest, services: DialectServices) => Answerable<DialectAnswer>
}

/** The shop's address for an endpoint of ours that answers as it is, such as the published keys. */
export type PassedRoute = {
  readonly method: 'GET'
  readonly path: string
  readonly passesTo: '/jwks'
}

type Answerable<T> = T | Promise<T>

export type DialectRequest = {
  readonly method: string
  /** Below the dialect's base path. */
  readonly path: string
  readonly query: URLSearchParams
  readonly params: Readonly<Record<string, string>>
  /** Header names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** In lower case and without parameters; empty when there is none. */
  readonly contentType: string
  readonly body: string
  readonly context: AnswerContext
}

/** What an answer may depend on besides the tokens. */
export type AnswerContext = {
  readonly issuer: string
  /** The address the dialect's paths hang from: the issuer or a host of its own, and the base path it is mounted at. */
  readonly baseUrl: string
  /** Below the base path. */
  readonly path: string
  /** The query with its question mark; empty when there is none. */
  readonly search: string
  readonly acceptLanguage: string
  readonly accept: string
  /** The client the dialect acts for when a request names none. */
  readonly clientId: string
}

export type DialectAnswer = {
  readonly status: number
  /** The reason phrase, where the dialect's differs from the usual one. */
  readonly message?: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export function isAnswer(translated: OAuthParameters | DialectAnswer): translated is DialectAnswer {
  return typeof (translated as { status?: unknown }).status === 'number' // either may have any member
}
