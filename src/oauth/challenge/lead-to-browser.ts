import { UnsecuredJWT } from 'jose'
import type { TokenEndpointGrantContext } from 'oidc-provider'
import type { SignIn } from './sign-in.ts'

const URN = 'urn:ietf:params:oauth:request_uri:'
const TTL_SECONDS = 60

/** Where the browser goes on, as after a pushed request (RFC 9126 §2.2). */
export type PushedRequest = { readonly request_uri: string; readonly expires_in: number }

/**
 * Puts the request where `/authorize` finds it, if it has a challenge and a redirect, and no authorization details: otherwise the app
 * begins an ordinary sign-in of its own.
 */
export async function leadToBrowser(
  ctx: TokenEndpointGrantContext,
  signIn: SignIn,
): Promise<PushedRequest | undefined> {
  const { client } = ctx.oidc
  const { round, username, person, jkt } = signIn
  const [only, another] = client.redirectUris ?? []
  const redirectUri = round.redirectUri ?? (another === undefined ? only : undefined)
  // What the round does not keep would be missing there, and nobody would see.
  const isLess = ctx.oidc.params?.authorization_details !== undefined
  if (round.codeChallenge === undefined || redirectUri === undefined || isLess) return undefined
  const loginHint = person?.customer.email ?? username
  const now = Math.floor(Date.now() / 1000)
  const parameters = {
    client_id: client.clientId,
    response_type: 'code',
    redirect_uri: redirectUri,
    code_challenge: round.codeChallenge,
    code_challenge_method: 'S256',
    ...(round.scope !== undefined && { scope: round.scope }),
    ...(round.resource !== undefined && { resource: round.resource }),
    ...(round.nonce !== undefined && { nonce: round.nonce }),
    ...(round.claims !== undefined && { claims: JSON.parse(round.claims) as object }), // checked when the round began
    ...(round.acrValues !== undefined && { acr_values: round.acrValues }),
    ...(round.freshAfterMs !== undefined && { prompt: 'login' }),
    ...(round.state !== undefined && { state: round.state }),
    ...(round.uiLocales !== undefined && { ui_locales: round.uiLocales }),
    ...(round.companyUserId !== undefined && { company_user_id: round.companyUserId }),
    ...(loginHint !== undefined && { login_hint: loginHint }),
  }
  const request = new UnsecuredJWT(parameters)
    .setIssuedAt(now)
    .setIssuer(client.clientId)
    .setAudience(ctx.oidc.issuer)
    .setExpirationTime(now + TTL_SECONDS)
    .setNotBefore(now)
    .encode()
  const { PushedAuthorizationRequest } = ctx.oidc.provider
  const isTrusted = client.clientAuthMethod !== 'none'
  // Its published type has none of the fields that the library stores.
  const pushed = new PushedAuthorizationRequest({ request, dpopJkt: jkt, trusted: isTrusted } as never)
  return { request_uri: URN + (await pushed.save(TTL_SECONDS)), expires_in: TTL_SECONDS }
}
