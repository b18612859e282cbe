import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose'
import { isPlain } from '../plain-text.ts'
import { type IssuerKeys, KeysUnavailable } from './issuer-keys.ts'
import { type ResolvedIssuer, resolveIssuer } from './kinds.ts'
import type { IssuerRegistry } from './registry.ts'

/** Why an assertion is not taken. */
export type AssertionRefusal =
  | 'malformed'
  | 'unknown-issuer'
  | 'own-issuer'
  | 'client-not-listed'
  | 'public-client'
  | 'keys-unavailable'
  | 'signature'
  | 'type'
  | 'audience'
  | 'expired'
  | 'not-yet'
  | 'lifetime'
  | 'subject'
  | 'client-id'
  | 'actor'
  | 'missing-claim'

/** An assertion that its issuer made for this server, this client and now. */
export type Assertion = {
  readonly issuer: ResolvedIssuer
  readonly claims: JWTPayload
  /** Names the person at the issuer for good. */
  readonly subject: string
  /** Set where the assertion is good for one request. */
  readonly onceOnly: { readonly jti: string; readonly ttlSeconds: number } | undefined
  /** The key that has to be proved (RFC 9449 §6.1). */
  readonly jkt: string | undefined
}

export type AssertionVerdict =
  | { readonly outcome: 'accepted'; readonly assertion: Assertion }
  | {
      readonly outcome: 'refused'
      readonly reason: AssertionRefusal
      /** Absent where nothing says whose it is. */
      readonly issuer?: ResolvedIssuer
      /** The claim that is missing or wrong; set only of assertions whose signature is right. */
      readonly claim?: string
    }

export type VerifyAssertion = (assertion: string, client: PresentingClient) => Promise<AssertionVerdict>

export type PresentingClient = { readonly clientId: string; readonly isPublic: boolean }

export type VerifyAssertionDeps = {
  readonly registry: Pick<IssuerRegistry, 'find'>
  readonly keys: Pick<IssuerKeys, 'keysOf'>
  /** This server's own issuer: the audience, and never a trusted issuer. */
  readonly ownIssuer: string
  /** Epoch milliseconds. */
  readonly now?: () => number
}

/** How far the clocks of an issuer and of this server may be apart. */
export const CLOCK_TOLERANCE_SECONDS = 30
const LONGEST_ASSERTION = 16_384
const LONGEST_TEXT = 255

/**
 * Judges an assertion by the rules of its issuer (RFC 7523 §3). Which rules hold is the issuer's record alone, never something that
 * the assertion says of itself. That it is used once is for the caller, after everything else.
 */
export function createVerifyAssertion(deps: VerifyAssertionDeps): VerifyAssertion {
  const { registry, keys, ownIssuer, now = () => Date.now() } = deps

  return async function verifyAssertion(assertion, client) {
    const iss = assertion.length <= LONGEST_ASSERTION ? issuerIn(assertion) : undefined
    if (iss === undefined) return { outcome: 'refused', reason: 'malformed' }
    if (iss === ownIssuer) return { outcome: 'refused', reason: 'own-issuer' }
    const record = await registry.find(iss)
    if (!record) return { outcome: 'refused', reason: 'unknown-issuer' }
    const issuer = resolveIssuer(record)
    const refused = ([reason, claim]: Fault): AssertionVerdict => ({
      outcome: 'refused',
      reason,
      issuer,
      ...(claim !== undefined && { claim }),
    })
    const { rules } = issuer
    if (client.isPublic && !rules.takesPublicClients) return refused(['public-client'])
    if (record.clients && !record.clients.includes(client.clientId)) return refused(['client-not-listed'])
    const signed = await verifySignature(assertion, issuer, keys)
    if (typeof signed === 'string') return refused([signed])
    const { claims, typ } = signed
    const nowSeconds = now() / 1000
    const fault =
      faultOfType(typ, issuer) ??
      faultOfAudience(claims, record.audience ?? ownIssuer, issuer) ??
      faultOfTime(claims, issuer, nowSeconds) ??
      faultOfClient(claims, client, issuer) ??
      faultOfClaims(claims, issuer)
    if (fault) return refused(fault)
    const { jti, exp = 0 } = claims
    const isOnce = issuer.isSingleUse && typeof jti === 'string' && rules.jti !== 'ignored'
    const assertedBy: Assertion = {
      issuer,
      claims,
      subject: subjectOf(claims),
      onceOnly: isOnce ? { jti, ttlSeconds: Math.ceil(exp - nowSeconds + 2 * CLOCK_TOLERANCE_SECONDS) } : undefined,
      jkt: keyOf(claims),
    }
    return { outcome: 'accepted', assertion: assertedBy }
  }
}

type Fault = readonly [AssertionRefusal, string?]
type Claims = JWTPayload

/** Nothing of it is believed yet: it only says whose record and keys are to be looked at. */
function issuerIn(assertion: string): string | undefined {
  try {
    const { alg } = decodeProtectedHeader(assertion)
    const { iss } = decodeJwt(assertion)
    return typeof alg === 'string' && isText(iss, 1024) ? iss : undefined
  } catch {
    return undefined
  }
}

async function verifySignature(
  assertion: string,
  { record, algorithms }: ResolvedIssuer,
  keys: Pick<IssuerKeys, 'keysOf'>,
): Promise<{ claims: Claims; typ: string | undefined } | 'keys-unavailable' | 'signature'> {
  try {
    // Times are looked at below, by the rules of the issuer and by one clock.
    const { payload, protectedHeader } = await jwtVerify(assertion, keys.keysOf(record), {
      algorithms: [...algorithms],
      clockTolerance: Number.MAX_SAFE_INTEGER,
    })
    if (payload.iss !== record.issuer) return 'signature'
    return { claims: payload, typ: protectedHeader.typ }
  } catch (error) {
    if (error instanceof KeysUnavailable) return 'keys-unavailable'
    // A key that does not fit its algorithm is a TypeError of the library.
    if (error instanceof errors.JOSEError || error instanceof TypeError || error instanceof DOMException)
      return 'signature'
    throw error
  }
}

function faultOfType(typ: string | undefined, { rules }: ResolvedIssuer): Fault | undefined {
  const name = typ?.toLowerCase().replace(/^application\//, '')
  return rules.takesType(name) ? undefined : ['type']
}

function faultOfAudience({ aud }: Claims, audience: string, { rules }: ResolvedIssuer): Fault | undefined {
  const isList = Array.isArray(aud) && rules.takesAudienceList && aud.length === 1
  return (isList ? aud[0] : aud) === audience ? undefined : ['audience', 'aud']
}

function faultOfTime({ exp, iat, nbf }: Claims, issuer: ResolvedIssuer, nowSeconds: number): Fault | undefined {
  const { rules, lifetimeSeconds } = issuer
  if (!isInstant(exp)) return ['missing-claim', 'exp']
  if (iat === undefined ? rules.needsIssuedAt : !isInstant(iat)) return ['missing-claim', 'iat']
  if (nbf !== undefined && !isInstant(nbf)) return ['missing-claim', 'nbf']
  if (exp <= nowSeconds - CLOCK_TOLERANCE_SECONDS) return ['expired', 'exp']
  const begin = Math.max(iat ?? 0, nbf ?? 0)
  if (begin > nowSeconds + CLOCK_TOLERANCE_SECONDS) return ['not-yet', nbf === begin ? 'nbf' : 'iat']
  const isLong = exp - (iat ?? nowSeconds) > lifetimeSeconds + (iat === undefined ? CLOCK_TOLERANCE_SECONDS : 0)
  return isLong ? ['lifetime', 'exp'] : undefined
}

function faultOfClient(claims: Claims, { clientId }: PresentingClient, { rules }: ResolvedIssuer): Fault | undefined {
  const { client_id: claim } = claims
  if (rules.clientIdClaim === 'ignored') return undefined
  const isMissing = claim === undefined
  if (isMissing && rules.clientIdClaim === 'always') return ['missing-claim', 'client_id']
  return isMissing || claim === clientId ? undefined : ['client-id', 'client_id']
}

function faultOfClaims(claims: Claims, { record, rules, needsJti }: ResolvedIssuer): Fault | undefined {
  const { sub, jti, tenant, cnf } = claims
  if (!isText(sub)) return ['subject', 'sub']
  if (tenant !== undefined && !isText(tenant)) return ['subject', 'tenant']
  if (rules.jti !== 'ignored' && (needsJti || jti !== undefined) && !isText(jti)) return ['missing-claim', 'jti']
  if (cnf !== undefined && keyOf(claims) === undefined) return ['missing-claim', 'cnf.jkt']
  const missing = record.required_claims?.find((name) => isEmpty(claims[name]))
  return missing === undefined ? undefined : ['missing-claim', missing]
}

/** With the tenant of an issuer that has several; no subject can look like another with a tenant. */
function subjectOf({ sub, tenant }: Claims): string {
  return typeof tenant === 'string' ? `${tenant}\n${sub}` : String(sub)
}

function keyOf({ cnf }: Claims): string | undefined {
  const { jkt } = (typeof cnf === 'object' && cnf !== null ? cnf : {}) as { readonly jkt?: unknown } // looked at below
  return isText(jkt, 128) ? jkt : undefined
}

/** Of one line: what is made of two of them is like no third. */
function isText(value: unknown, longest = LONGEST_TEXT): value is string {
  return typeof value === 'string' && value !== '' && value.length <= longest && isPlain(value) && value.isWellFormed()
}

function isInstant(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 && value < 1e11
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)
}
