import type { Agent } from '../agents/agent.ts'
import type { CompanyUser, Customer } from '../customers/customer.ts'
import type { JudgedLogin } from '../http/request-state.ts'
import type { DialectSession } from '../oauth/accounts/grant-facts.ts'
import type { Outage } from './outage.ts'

/** What the token pipeline is asked. */
export type OAuthParameters = { readonly grant_type: string } & Readonly<Record<string, string | undefined>>

export type IssuedTokens = {
  readonly accessToken: string
  readonly refreshToken?: string
  readonly idToken?: string
  readonly expiresIn: number
  readonly scope?: string
  readonly clientId: string
  /** The access token's `jti`. */
  readonly jti?: string
  /** Whom the tokens are for; none of them in the tokens of a client itself. */
  readonly customer?: Customer
  readonly companyUser?: CompanyUser
  readonly companyUserId?: string
  readonly agent?: Agent
  /** The answer was given before, to the same refresh token: a retry, or a twin of the request. */
  readonly isRepeated?: true
  /** A visitor who has a session. */
  readonly anonymousId?: string
  /** Seconds the refresh token works, unless it is used. */
  readonly refreshExpiresIn?: number
  /** What the dialect keeps with the sign-in. */
  readonly session: DialectSession
}

export type OAuthFailure = Outage & {
  readonly error: string
  readonly description?: string
  /** How the password check ended, where one was made. */
  readonly authentication?: JudgedLogin
  /** The grant type has ended for the client: its `grants_sunset`. */
  readonly hasEnded?: boolean
}

/** How the token pipeline answered. */
export type Issued =
  | { readonly outcome: 'issued'; readonly tokens: IssuedTokens }
  | { readonly outcome: 'refused'; readonly failure: OAuthFailure }

/** What an endpoint other than the token endpoint answered; without a body, no members. */
export type EndpointAnswer = { readonly status: number; readonly body: Readonly<Record<string, unknown>> }
