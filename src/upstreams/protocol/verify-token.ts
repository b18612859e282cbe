import { hash } from 'node:crypto'
import { errors, type JWTPayload, jwtVerify, type ProtectedHeaderParameters } from 'jose'
import type { ResolvedUpstream } from '../kinds.ts'
import type { KeySet } from './key-sets.ts'
import { UpstreamError, type UpstreamStep } from './upstream-error.ts'

/** What a token is checked against. */
export type TokenCheck = {
  readonly upstream: ResolvedUpstream
  /** The issuer as the metadata says it. */
  readonly issuer: string
  readonly keys: KeySet
}

/** Asymmetric ones alone: HS256 with a public key as the secret, and none, are no signatures (RFC 8725 §2.1, §3.1). */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']
/** How far the clocks of a provider and of this server may be apart. */
export const CLOCK_TOLERANCE_SECONDS = 60
/** A token comes in answer to a request, so that one of long ago is not the answer. */
const MAX_AGE_SECONDS = 600
const MAX_SUBJECT_LENGTH = 255
const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout'

type Verified = { readonly claims: JWTPayload; readonly header: ProtectedHeaderParameters }

/**
 * The claims of an ID token that answers a request with this nonce (OpenID Connect Core §3.1.3.7, §3.1.3.8).
 *
 * @throws {UpstreamError}
 */
export async function verifyIdToken(
  token: string,
  check: TokenCheck,
  { nonce, accessToken }: { readonly nonce: string; readonly accessToken: string | undefined },
): Promise<JWTPayload & { readonly sub: string }> {
  const { claims, header } = await verify(token, check, 'id-token')
  const { sub, at_hash, azp, aud } = claims
  if (claims.nonce !== nonce) throw refused('the nonce is another one')
  if (azp !== undefined ? azp !== check.upstream.clientId : Array.isArray(aud) && aud.length > 1)
    throw refused('it was made for another party')
  if (typeof sub !== 'string' || sub === '' || sub.length > MAX_SUBJECT_LENGTH) throw refused('there is no subject')
  if ('events' in claims) throw refused('it is no ID token')
  if (at_hash !== undefined && accessToken !== undefined && at_hash !== halfHash(accessToken, header.alg ?? ''))
    throw refused('at_hash does not fit the access token')
  return { ...claims, sub }
}

/** Whose sign-in a provider has ended: a session, or all of a person. */
export type LogoutNotice = {
  readonly issuer: string
  readonly subject: string | undefined
  readonly sid: string | undefined
  readonly jti: string
}

/**
 * What a logout token says (OpenID Connect Back-Channel Logout 1.0 §2.6). That it is used once is for the caller.
 *
 * @throws {UpstreamError}
 */
export async function verifyLogoutToken(token: string, check: TokenCheck): Promise<LogoutNotice> {
  const { claims } = await verify(token, check, 'logout-token')
  const { iss, sub, sid, jti, events, nonce } = claims as LogoutClaims // each is looked at below
  const fault = (detail: string) => new UpstreamError('logout-token', detail)
  const event = typeof events === 'object' && events !== null ? events[LOGOUT_EVENT] : undefined
  if (typeof event !== 'object' || event === null) throw fault('it has no logout event')
  if (nonce !== undefined) throw fault('it has a nonce, as an ID token has')
  if (typeof jti !== 'string' || jti === '') throw fault('it has no jti')
  const [subject, session] = [text(sub), text(sid)]
  if (subject === undefined && session === undefined) throw fault('it names neither a person nor a session')
  return { issuer: String(iss), subject, sid: session, jti }
}

/** What a provider's Global Token Revocation is signed with: who asks, and the name of the request. */
export type RevocationProof = { readonly issuer: string; readonly jti: string }

/**
 * Checks the JWT by which a provider proves itself at this server's Global Token Revocation endpoint, as Auth0 takes it. That it
 * is used once is for the caller.
 *
 * @throws {UpstreamError}
 */
export async function verifyRevocationToken(
  token: string,
  check: TokenCheck,
  endpoint: string,
): Promise<RevocationProof> {
  const { claims, header } = await verify(token, { ...check, audience: endpoint }, 'revocation-token')
  const { iss, jti, nonce } = claims
  if (!/^(?:application\/)?global-token-revocation\+jwt$/i.test(header.typ ?? ''))
    throw refused('its typ is another one', 'revocation-token')
  if (typeof jti !== 'string' || jti === '' || jti.length > MAX_SUBJECT_LENGTH)
    throw refused('it has no jti', 'revocation-token')
  if (nonce !== undefined) throw refused('it has a nonce, as an ID token has', 'revocation-token')
  return { issuer: String(iss), jti }
}

type LogoutClaims = Omit<JWTPayload, 'sub' | 'jti'> & {
  readonly [Name in 'sub' | 'sid' | 'jti' | 'nonce']?: unknown
} & { readonly events?: Readonly<Record<string, unknown>> | null }

/** How long a logout token is good for, at most: as long must its jti be remembered. */
export const LOGOUT_TOKEN_SECONDS = MAX_AGE_SECONDS + 2 * CLOCK_TOLERANCE_SECONDS

async function verify(
  token: string,
  { upstream, issuer, keys, audience = upstream.clientId }: TokenCheck & { readonly audience?: string },
  step: UpstreamStep,
): Promise<Verified> {
  const { payload: claims, protectedHeader: header } = await jwtVerify(token, keys.find, {
    algorithms: ALGORITHMS,
    audience,
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    maxTokenAge: MAX_AGE_SECONDS,
    requiredClaims: ['iss', 'exp', 'iat'],
  }).catch((error: unknown) => {
    throw error instanceof errors.JOSEError ? new UpstreamError(step, error.code, { cause: error }) : error
  })
  const issuers = upstream.tokenIssuers(issuer, claims)
  if (typeof claims.iss !== 'string' || !issuers.includes(claims.iss)) throw refused('it is of another issuer', step)
  const keyIssuer = keys.issuerOf(header.kid)
  if (keyIssuer !== undefined && !upstream.tokenIssuers(keyIssuer, claims).includes(claims.iss))
    throw refused('its key is of another issuer', step)
  return { claims, header }
}

function refused(detail: string, step: UpstreamStep = 'id-token'): UpstreamError {
  return new UpstreamError(step, detail)
}

/** OpenID Connect Core §3.1.3.6; EdDSA is taken as Ed25519, which hashes with SHA-512. */
function halfHash(value: string, algorithm: string): string {
  const size = /(?:256|384|512)$/.exec(algorithm)?.[0] ?? '512'
  const digest = hash(`sha${size}`, value, 'buffer')
  return digest.subarray(0, digest.length / 2).toString('base64url')
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= MAX_SUBJECT_LENGTH ? value : undefined
}
