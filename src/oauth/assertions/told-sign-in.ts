import { ACR_VALUES } from '../../clients/acr-values.ts'
import type { TrustedIssuer } from '../../issuers/issuer-schema.ts'
import { RECOGNISED, SECOND_FACTOR } from '../accounts/acr.ts'
import type { AuthenticationClaims } from '../accounts/authentication.ts'

type Claims = Readonly<Record<string, unknown>>

/**
 * What tokens say of a sign-in at an issuer: the strongest value that its record gives to the `acr` and the `amr` of the assertion,
 * and when it was. The issuer's own words are not told on.
 */
export function toldSignIn({ acr_map: map = {} }: TrustedIssuer, claims: Claims): AuthenticationClaims {
  const { acr, amr, auth_time: authTime } = claims
  const names = [...(typeof acr === 'string' ? [acr] : []), ...textsIn(amr).map((entry) => `amr:${entry}`)]
  const ranks = names.flatMap((name) => (Object.hasOwn(map, name) ? ACR_VALUES.indexOf(map[name] ?? RECOGNISED) : []))
  const isTime = typeof authTime === 'number' && Number.isInteger(authTime) && authTime > 0
  return {
    acr: ACR_VALUES[Math.max(0, ...ranks)] ?? RECOGNISED,
    // A sign-in of the future is one of now.
    ...(isTime && { auth_time: Math.min(authTime, Math.floor(Date.now() / 1000)) }),
  }
}

/** Whether the person showed two factors elsewhere, as far as the issuer is believed about that. */
export function hasSecondFactor({ acr }: AuthenticationClaims): boolean {
  return acr === SECOND_FACTOR
}

/** The texts of a list; empty for anything else. */
export function textsIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : []
}
