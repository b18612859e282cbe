import type { ResourceServer } from '../clients/resource-servers.ts'
import type { Authentication } from '../customers/authenticate.ts'
import type { TokenShape } from '../oauth/token-shape.ts'

/**
 * One shop system's token API. A dialect is data and pure functions: it rewrites its request into OAuth parameters,
 * the ordinary token pipeline answers, and the answer is written back in the dialect's words.
 */
export type Dialect = {
  readonly name: string
  /** Whose tokens this dialect mints: its audience, algorithm and scopes. */
  readonly resourceServer: ResourceServer
  readonly shape: TokenShape
  readonly routes: readonly DialectRoute[]
}

export type DialectRoute = TokenRoute | FixedRoute

/** A door to the token pipeline. */
export type TokenRoute = {
  readonly method: 'POST'
  readonly path: string
  readonly toOAuth: (request: DialectRequest) => OAuthParameters | DialectAnswer
  readonly fromSuccess: (tokens: IssuedTokens, context: AnswerContext) => DialectAnswer
  readonly fromError: (error: OAuthFailure, context: AnswerContext) => DialectAnswer
}

/** A path that is answered without the pipeline. */
export type FixedRoute = {
  readonly method: 'GET' | 'ALL'
  readonly path: string
  readonly answer: (context: AnswerContext) => DialectAnswer
}

export type DialectRequest = {
  readonly body: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly params: Readonly<Record<string, string>>
  readonly context: AnswerContext
}

/** What an answer may depend on besides the tokens. */
export type AnswerContext = { readonly issuer: string; readonly path: string; readonly acceptLanguage: string }

export type OAuthParameters = Readonly<Record<string, string>> & {
  readonly grant_type: string
  readonly client_id: string
}

export type IssuedTokens = {
  readonly accessToken: string
  readonly refreshToken?: string
  readonly expiresIn: number
  readonly companyUserId?: string
}

export type OAuthFailure = {
  readonly error: string
  readonly description?: string
  readonly status: number
  /** How the password check ended, where one was made. */
  readonly authentication?: Authentication
  readonly retryAfterSeconds?: number
}

export type DialectAnswer = {
  readonly status: number
  /** The reason phrase, where the dialect's differs from the usual one. */
  readonly message?: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export function isAnswer(translated: OAuthParameters | DialectAnswer): translated is DialectAnswer {
  return 'status' in translated && typeof translated.status === 'number'
}
