import { errors, type JWTPayload, jwtVerify } from 'jose'
import { createBoundedMap } from '../bounded-map.ts'
import type { Claims } from '../claims.ts'
import type { Settings } from '../options.ts'
import { AccessRefused, invalidToken, unavailable } from '../refused.ts'
import type { KeySet } from './key-set.ts'

/** The claims of a JWT access token whose signature, type, issuer, audience and times are good. @throws AccessRefused */
export type VerifyToken = (token: string) => Promise<Claims>

type Remembered = { readonly claims: Claims; readonly generation: number }

const STRUCTURED = /^[\w-]+\.[\w-]*\.[\w-]*$/

/** Whether a token is a JWT in form; others are opaque. */
export function isStructured(token: string): boolean {
  return STRUCTURED.test(token)
}

/**
 * Verifies access tokens by RFC 9068 §4 and RFC 8725. A good signature is remembered until the token expires or the key
 * set changes; nothing else is, so a revocation counts at once.
 */
export function createVerifyToken(settings: Settings, keySet: KeySet): VerifyToken {
  const { issuer, audiences, algorithms, tokenType, clockSkewSeconds, clock, maxRemembered } = settings
  const remembered = createBoundedMap<Remembered>(maxRemembered)
  const options = {
    issuer,
    audience: [...audiences],
    algorithms: [...algorithms],
    typ: tokenType,
    clockTolerance: clockSkewSeconds,
    requiredClaims: ['exp', 'iat', 'sub', 'client_id', 'jti'],
  }

  return async function verifyToken(token) {
    const nowSeconds = Math.floor(clock() / 1000)
    const known = remembered.get(token)
    if (known && known.generation === keySet.generation() && !keySetIsOld()) {
      if (known.claims.exp + clockSkewSeconds <= nowSeconds) throw invalidToken('the token has expired')
      return known.claims
    }
    const claims = await verify(token, nowSeconds)
    if (maxRemembered > 0) remembered.set(token, { claims, generation: keySet.generation() })
    return claims
  }

  /** So that a set in which a key is missing is noticed, and the bound on old keys holds, for tokens that are known too. */
  function keySetIsOld(): boolean {
    const fetchedAtMs = keySet.fetchedAtMs()
    return fetchedAtMs === undefined || clock() - fetchedAtMs > settings.keys.cacheSeconds * 1000
  }

  async function verify(token: string, nowSeconds: number): Promise<Claims> {
    const { payload } = await jwtVerify(
      token,
      async ({ kid, alg }) => {
        if (typeof kid !== 'string' || kid.length > 256) throw invalidToken('the token names no key')
        const found = await keySet.find(kid, alg)
        if (found.outcome === 'unreachable') throw unavailable('the key set cannot be had')
        if (found.outcome === 'unknown') throw invalidToken('the token names a key that is not published')
        return found.key
      },
      { ...options, currentDate: new Date(nowSeconds * 1000) },
    ).catch(refuse)
    return claimsOf(payload, nowSeconds + clockSkewSeconds)
  }
}

function refuse(error: unknown): never {
  if (error instanceof AccessRefused) throw error
  if (error instanceof errors.JOSEError) throw invalidToken(error.message)
  // A header or payload of types that jose does not expect, and a key that cannot be used.
  throw invalidToken(error instanceof Error ? error.message : 'the token cannot be read')
}

function claimsOf(payload: JWTPayload, latestSeconds: number): Claims {
  const { sub, client_id, exp, iat, jti } = payload
  const isWhole = typeof sub === 'string' && typeof client_id === 'string' && typeof jti === 'string'
  if (!isWhole || typeof exp !== 'number' || typeof iat !== 'number') throw invalidToken('a claim has the wrong type')
  if (iat > latestSeconds) throw invalidToken('the token was issued in the future')
  // Of ID tokens and logout tokens, should the type be `JWT` here (OIDC Core §2, Back-Channel Logout §2.4).
  if ('events' in payload || 'nonce' in payload || 'at_hash' in payload) throw invalidToken('this is no access token')
  return { ...payload, sub, client_id, exp, iat, jti }
}
