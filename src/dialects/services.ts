import type { AgentAuthentication } from '../agents/authenticate.ts'
import type { Authentication } from '../customers/authenticate.ts'
import type { Customer } from '../customers/customer.ts'
import type { DialectSession } from '../oauth/accounts/grant-facts.ts'
import type { Caller, IsFor } from '../oauth/tokens/callers.ts'
import type { Codes } from '../oauth/tokens/issue-code.ts'
import type { CodedToken } from '../oauth/tokens/token-codes.ts'
import type { EndpointAnswer, Issued, IssuedTokens, OAuthParameters } from './issued.ts'
import type { OwnAccount } from './own-account.ts'
import type { SignInReport } from './sign-in-webhook.ts'
import type { TokenNeeds } from './token-pipeline.ts'
import type { Turns } from './turns.ts'

/** What a dialect may ask for by name; nothing else reaches storage or SQL. The same for every request. */
export type SharedServices = Turns & {
  /** Authorization codes for people who signed in to the dialect itself: `issue` with `authorization_code` redeems them. */
  readonly codes: Codes
  /** Ends those sign-ins of a customer at a client that `isOne` says, by what is kept with them. */
  endSessions(of: { customerId: string; clientId: string }, isOne: (session: DialectSession) => boolean): Promise<void>
  /** Keeps what the tokens of an answer say of a sign-in that began in the dialect, for those of its refreshes. */
  keepSession(tokens: IssuedTokens): Promise<void>
  /** For a system or an agent who may know: undefined without an active customer. */
  findCustomer(login: string): Promise<Customer | undefined>
  /** A token that signs a customer in once, in place of a code from a mail, for at most ten minutes. */
  issueSignInToken(customerId: string, ttlSeconds: number): Promise<string | undefined>
  /** The customer of such a token, which is used up. */
  redeemSignInToken(token: string): Promise<Customer | undefined>
  /** POSTs to an address that an operator registered, in the background. */
  callBack(url: string, body: () => Promise<object | undefined>): void
  /** Who holds this access token; undefined unless it works now, as a plain bearer token, and was made for the endpoint. */
  findCaller(bearer: string, isFor: IsFor): Promise<Caller | undefined>
  /** True for a token of ours that has not expired but was ended by signing out or by the end of its grant. */
  wasSignedOut(bearer: string): Promise<boolean>
  /** Ends one access token. */
  endAccessToken(bearer: string): Promise<void>
  /** Ends the grant of a refresh token if it is the account's own; silent otherwise. */
  endRefreshToken(refreshToken: string, owner: { readonly accountId: string }): Promise<void>
  /** Ends the one sign-in that an access token hangs from, with everything that was issued in it; by an agent who acts for somebody, or by the person. */
  endSignInOf(bearer: string, actingAgentId?: string): Promise<void>
  /** A code that is exchanged once for a token that was issued already. Audited, with the agent's reason. */
  makeTokenCode(made: MadeCode): Promise<string>
  /** The token of a code, for exactly one caller who knows the login of its account. */
  redeemTokenCode(code: string, login: string): Promise<CodedToken | undefined>
  /**
   * Ends the sign-in that a token of either kind hangs from, with its other tokens, where it is the owner's own; a client's own token
   * alone. Silent otherwise, and for a token of another kind than `kind` says.
   */
  endSignIn(token: string, owner: TokenOwner): Promise<void>
  /** Everything that was granted to an account (a customer's id) until now ends: all devices, all companies. */
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
  /** Checks a customer's password, with the lockout and the audit of every sign-in. */
  checkPassword(login: string, password: string, clientId: string): Promise<Authentication>
  /** The same for an agent, who may have a second factor. */
  checkAgent(login: string, password: string, by: { clientId: string; code?: string }): Promise<AgentAuthentication>
  /** Checks a code that was mailed to a customer, once. */
  checkOneTimePassword(login: string, code: string, clientId: string): Promise<Authentication>
  /** The published keys (RFC 7517), and how long they may be kept; who asked is noted. */
  keySet(userAgent: string): { readonly keys: readonly object[]; readonly cacheSeconds: number }
  /** Signs the person of this browser in to the hosted pages, by a link's token. */
  signInByLink(token: string): Promise<'signed-in' | 'already-signed-in' | 'invalid'>
  /** Mails a sign-in code to the customer with this login, if there is one; in the background. */
  requestOneTimePassword(login: string): void
  /** Seconds a login is locked out for from this address; nothing is counted by asking. */
  lockedForSeconds(login: string, of: 'customer' | 'agent'): Promise<number | undefined>
}
