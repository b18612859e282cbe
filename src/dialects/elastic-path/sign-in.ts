import { ONE_TIME_PASSWORD_GRANT } from '../../oauth/grants/one-time-password.ts'
import type { Caller } from '../../oauth/tokens/callers.ts'
import type { DialectRequest, IssuedTokens, OAuthFailure } from '../dialect.ts'
import { type JsonObject, textOf } from '../json-body.ts'
import type { DialectServices } from '../services.ts'
import { findClientCaller } from './bearer.ts'
import { exchangeFor } from './exchange.ts'

export type SignInSettings = {
  /** The audience of the bearer that every call needs. */
  readonly clientResource: string
  /** What a wrong password is answered with. */
  readonly refusedStatus: number
}

export type SignedIn =
  | { readonly outcome: 'issued'; readonly tokens: IssuedTokens }
  | { readonly outcome: 'refused'; readonly failure: OAuthFailure }

/** Where a person's tokens are asked for: the services of the request, the client, what the tokens are for. */
export type SignInEndpoint = {
  readonly services: DialectServices
  readonly clientId: string
  readonly resource: string
}

export type SignIn = ReturnType<typeof createSignIn>

/** The ways people sign in here, each through the token pipeline. */
export function createSignIn({ clientResource, refusedStatus }: SignInSettings) {
  return {
    refusedStatus,

    findCaller: (request: DialectRequest, services: DialectServices): Promise<Caller | undefined> =>
      findClientCaller(request, services, clientResource),

    withPassword: (
      { services, clientId, resource }: SignInEndpoint,
      username: string,
      password: string,
    ): Promise<SignedIn> =>
      services.issue({ grant_type: 'password', client_id: clientId, resource, scope: 'customer', username, password }),

    withOneTimePassword: (
      { services, clientId, resource }: SignInEndpoint,
      username: string,
      code: string,
    ): Promise<SignedIn> =>
      services.issue({
        grant_type: ONE_TIME_PASSWORD_GRANT,
        client_id: clientId,
        resource,
        scope: 'customer',
        username,
        one_time_password: code,
      }),

    /** A code of ours is for the default audience; what it brings is exchanged for the dialect's token, and ended. */
    async withCode({ services, clientId, resource }: SignInEndpoint, data: JsonObject): Promise<SignedIn> {
      const redeemed = await services.issue({
        grant_type: 'authorization_code',
        client_id: clientId,
        code: textOf(data, 'oauth_authorization_code'),
        redirect_uri: textOf(data, 'oauth_redirect_uri'),
        code_verifier: textOf(data, 'oauth_code_verifier'),
      })
      if (redeemed.outcome === 'refused') return redeemed
      const exchanged = await services.issue(exchangeFor({ token: redeemed.tokens.accessToken, clientId, resource }))
      await services.endAccessToken(redeemed.tokens.accessToken)
      return exchanged
    },
  }
}

/**
 * The client a person's tokens are for: the caller's own where that is public. A back-end called with its secret,
 * which is not at hand here, so its customers sign in through the dialect's client.
 */
export function clientFor(caller: Caller, { clientId }: DialectRequest['context']): string {
  return caller.scopes.includes('store:write') ? clientId : caller.clientId
}
