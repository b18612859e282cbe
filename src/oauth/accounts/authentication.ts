import type { KoaContextWithOIDC } from 'oidc-provider'
import { storedAcr } from './acr.ts'

/** What tokens say of how and when their person signed in (RFC 9068 §2.2.1, RFC 9470 §6). */
export type AuthenticationClaims = {
  /** Epoch seconds. */
  readonly auth_time?: number
  readonly acr?: string
  readonly amr?: readonly string[]
}

/** Of sign-ins that no stored code or token tells of, by the library's context of the request. */
const told = new WeakMap<object, AuthenticationClaims>()

/** Tells how the person signed in for whom this request issues tokens. */
export function tellAuthentication({ oidc }: Pick<KoaContextWithOIDC, 'oidc'>, claims: AuthenticationClaims): void {
  told.set(oidc, claims)
}

/** How the person signed in for whom this request issues tokens; empty where nothing says so. */
export function authenticationOf({ oidc }: Pick<KoaContextWithOIDC, 'oidc'>): AuthenticationClaims {
  const { AuthorizationCode, DeviceCode, BackchannelAuthenticationRequest, RefreshToken } = oidc.entities
  // What tokens are made of has these three members, which the published types spread over several.
  const source = (AuthorizationCode ?? DeviceCode ?? BackchannelAuthenticationRequest ?? RefreshToken) as
    | AuthenticationSource
    | undefined
  return told.get(oidc) ?? (source ? authenticationStoredIn(source) : {})
}

/** The same of a token that exists, for tokens that come of it. */
export function authenticationIn(claims: Readonly<Record<string, unknown>>): AuthenticationClaims {
  const { auth_time, acr, amr } = claims
  return {
    ...(typeof auth_time === 'number' && { auth_time }),
    ...(typeof acr === 'string' && { acr }),
    ...(Array.isArray(amr) && { amr: amr.map(String) }),
  }
}

/** What a stored code or token says of the sign-in that it came of. */
export type AuthenticationSource = {
  readonly authTime?: number
  readonly acr?: string
  readonly amr?: readonly string[]
}

/** The same of what the sign-in stored. */
export function authenticationStoredIn({ authTime, amr, ...stored }: AuthenticationSource): AuthenticationClaims {
  const acr = storedAcr({ ...stored, ...(amr && { amr }) })
  return {
    ...(authTime !== undefined && { auth_time: authTime }),
    ...(acr !== undefined && { acr }),
    ...(amr && amr.length > 0 && { amr }),
  }
}
