import { randomBytes } from 'node:crypto'
import type { ClientMetadata } from '../../clients/client.ts'

const ACCOUNT_CLIENT_ID = 'vestibule-account'

/** Where it gets its answer, below the issuer. */
export const ACCOUNT_CALLBACK = '/account/signed-in'

/**
 * The account pages as a client of this server: a visitor without a session signs in as at any other client, with whatever
 * the sign-in asks for, and comes back. The pages then read the session itself. No code of this client can be redeemed: it
 * has no secret, so PKCE is required, and no verifier is kept.
 */
export function accountClient(issuer: string, shopName: string): ClientMetadata {
  return {
    client_id: ACCOUNT_CLIENT_ID,
    client_name: shopName,
    first_party: true,
    // Here a company is chosen on a page of its own.
    company_choice: 'client',
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code'],
    response_types: ['code'],
    redirect_uris: [issuer + ACCOUNT_CALLBACK],
  }
}

/** What the account pages ask of a sign-in. */
export type AccountSignIn = {
  /** The page below the issuer that the person wanted to see. */
  readonly path: string
  /** BCP 47 tags for the pages on the way. */
  readonly uiLocales: readonly string[]
  /** Asks for a sign-in even if there is one, as this login. */
  readonly again?: { readonly login: string }
}

/** The parameters of the authorization request that leads to a sign-in and back to `path`. */
export function accountSignIn(issuer: string, { path, uiLocales, again }: AccountSignIn): URLSearchParams {
  return new URLSearchParams({
    client_id: ACCOUNT_CLIENT_ID,
    redirect_uri: issuer + ACCOUNT_CALLBACK,
    response_type: 'code',
    scope: 'openid',
    state: path,
    // Of no verifier: see `accountClient`.
    code_challenge: randomBytes(32).toString('base64url'),
    code_challenge_method: 'S256',
    ...(uiLocales.length > 0 && { ui_locales: uiLocales.join(' ') }),
    ...(again && { prompt: 'login', login_hint: again.login }),
  })
}
