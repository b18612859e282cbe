import type { Caller, IsFor } from '../oauth/tokens/callers.ts'
import type { CodedToken } from '../oauth/tokens/token-codes.ts'
import type { EndpointAnswer, Issued, OAuthParameters } from './issued.ts'
import type { OwnAccount } from './own-account.ts'
import type { SignInReport } from './sign-in-webhook.ts'
import type { TokenNeeds } from './token-pipeline.ts'

/** What a dialect may ask for by name; nothing else reaches storage or SQL. The same for every request. */
export type SharedServices = {
  /** Who holds this access token; undefined unless it works now, as a plain bearer token, and was made for the endpoint. */
  findCaller(bearer: string, isFor: IsFor): Promise<Caller | undefined>
  /** True for a token of ours that has not expired but was ended by signing out or by the end of its grant. */
  wasSignedOut(bearer: string): Promise<boolean>
  /** Ends one access token. */
  endAccessToken(bearer: string): Promise<void>
  /** Ends the grant of a refresh token if it is the account's own; silent otherwise. */
  endRefreshToken(refreshToken: string, owner: { readonly accountId: string }): Promise<void>
  /** Ends the sign-in that an access token hangs from, with everything that was issued in it. */
  endSignInOf(bearer: string): Promise<void>
  /** A code by which whoever has it gets a token that was issued already, once. Audited, with the agent's reason. */
  makeTokenCode(made: MadeCode): Promise<string>
  /** The token of a code, for exactly one caller who knows the login of its account. */
  redeemTokenCode(code: string, login: string): Promise<CodedToken | undefined>
  /**
   * Ends the sign-in that a token of either kind hangs from, with its other tokens, where it is the owner's own; a client's own token
   * alone. Silent otherwise, and for a token of another kind than `kind` says.
   */
  endSignIn(token: string, owner: TokenOwner): Promise<void>
  /** Everything that was granted to an account (a customer's id) until now ends: all devices, all companies. */
  /** Ends the one sign-in that an access token hangs from, of an agent who acts for somebody. */
  endActing(bearer: string, agentId: string): Promise<void>
  signOutEverywhere(accountId: string): Promise<void>
  /** True for a client that has no secret, whatever it shows. */
  isPublicClient(clientId: string): Promise<boolean>
  /** Tells the shop, in the background. */
  reportSignIn(report: SignInReport): void
}

/** A token for a customer that an agent asked for, and how long its code works. */
export type MadeCode = CodedToken & {
  readonly customer: { readonly id: string; readonly email: string }
  readonly agentId: string
  readonly clientId: string
  readonly reason: string
  readonly ttlSeconds: number
}

/** Whose token it must be: a person's, or without one the client's own. */
export type TokenOwner = {
  readonly clientId: string
  readonly customerId?: string
  readonly agentId?: string
  readonly kind?: 'access-token' | 'refresh-token' | undefined
}

/** The services of one request. */
export type DialectServices = SharedServices & {
  /** Registration, passwords and the like: what customers do to their own accounts, and what agents search them by. */
  readonly ownAccount: OwnAccount
  /** Runs the token pipeline within this request, for endpoints that take more than one step. One run at a time. */
  issue(parameters: OAuthParameters, needs?: TokenNeeds): Promise<Issued>
  /** Introspection by a client that shows its secret; the answer is the endpoint's own. */
  introspect(parameters: {
    readonly client_id: string
    readonly client_secret: string
    readonly token: string
  }): Promise<EndpointAnswer>
  /** Revocation by a client, which shows its secret where it has one; the answer is the endpoint's own. */
  revoke(parameters: {
    readonly client_id: string
    readonly client_secret?: string
    readonly token: string
  }): Promise<EndpointAnswer>
  /** Signs the person of this browser in to the hosted pages, by a link's token. */
  signInByLink(token: string): Promise<'signed-in' | 'already-signed-in' | 'invalid'>
  /** Mails a sign-in code to the customer with this login, if there is one; in the background. */
  requestOneTimePassword(login: string): void
  /** Seconds a login is locked out for from this address; nothing is counted by asking. */
  lockedForSeconds(login: string, of: 'customer' | 'agent'): Promise<number | undefined>
}
