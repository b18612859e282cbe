import { ACR_VALUES, type Acr } from '../../clients/acr-values.ts'

/** A link or another system says who it is. */
export const RECOGNISED: Acr = ACR_VALUES[0]
/** One factor was proved: a password, or a code by mail. */
export const SIGNED_IN: Acr = ACR_VALUES[1]
/** Two factors were proved. */
export const SECOND_FACTOR: Acr = ACR_VALUES[2]

/**
 * What no other site can be shown in our place (OpenID EAP ACR Values): a sign-in by passkey, which is `second-factor` where nothing asks for it by
 * this name.
 */
export const PHISHING_RESISTANT = 'phr'

/** The marks of a second factor beside a password (RFC 8176): the code of an app, or a recovery code. */
export const SECOND_FACTOR_AMR: readonly string[] = ['otp', 'mfa']
/** A code by mail beside a password: the mailbox also resets the password, so it is no factor of its own. */
export const MAILED_CODE_AMR: readonly string[] = ['otp']

/** What was proved, in one word; undefined where nothing says how the person signed in. */
export function acrOf(amr: readonly string[] | undefined): Acr | undefined {
  if (amr === undefined) return undefined
  return amr.includes('mfa') ? SECOND_FACTOR : SIGNED_IN
}

/** How strong a sign-in of before is, a passkey told apart. */
export function strengthOf(stored: { readonly acr?: string; readonly amr?: readonly string[] }): string | undefined {
  const acr = storedAcr(stored)
  const isByPasskey = stored.amr?.some((method) => PASSKEY_AMR.includes(method)) === true
  return isByPasskey && acr === SECOND_FACTOR ? PHISHING_RESISTANT : acr
}

/** The keys that passkeys have (RFC 8176): no other method of ours says so. */
const PASSKEY_AMR: readonly string[] = ['hwk', 'swk']

/** The `acr` that was stored with a sign-in, or that of how it was made where an earlier release stored none. */
export function storedAcr(stored: { readonly acr?: string; readonly amr?: readonly string[] }): string | undefined {
  return stored.acr ?? acrOf(stored.amr)
}

/** Which `acr` a request asks for, and whether it takes nothing less. */
export type AcrDemand = { readonly values: readonly string[]; readonly isEssential: boolean }

/**
 * Reads `acr_values` (RFC 9470 §4), and an `acr` in the `claims` parameter, which alone can be essential (OpenID Connect Core §5.5.1.1). Undefined
 * where the request asks for none.
 */
export function acrDemandOf(params: Readonly<Record<string, unknown>>): AcrDemand | undefined {
  const asked = claimIn(params.claims)
  const fromClaims = asked ? [asked.values ?? [], asked.value ?? []].flat().map(nameOf) : []
  if (asked?.essential === true && fromClaims.length > 0) return { values: fromClaims, isEssential: true }
  const values = typeof params.acr_values === 'string' ? params.acr_values.split(' ').filter(Boolean) : []
  const all = [...values, ...fromClaims]
  return all.length > 0 ? { values: all, isEssential: false } : undefined
}

/**
 * Whether a sign-in is what was asked for, or stronger. Values that are none of ours count only where they are essential: a
 * request may name those of several servers.
 */
export function meets(acr: string | undefined, { values, isEssential }: AcrDemand): boolean {
  const known = ranksOf(values)
  if (known.length === 0) return !isEssential || values.length === 0
  return rankOf(acr) >= Math.min(...known)
}

/** Whether a request is content with nothing less than a second factor. */
export function demandsSecondFactor(demand: AcrDemand | undefined): boolean {
  return demandsMoreThan(SIGNED_IN, demand)
}

/** Whether a request is content with nothing less than a passkey. */
export function demandsPasskey(demand: AcrDemand | undefined): boolean {
  return demandsMoreThan(SECOND_FACTOR, demand)
}

function demandsMoreThan(acr: Acr, demand: AcrDemand | undefined): boolean {
  return demand !== undefined && ranksOf(demand.values).length > 0 && !meets(acr, demand)
}

/**
 * What the tokens say of a strength: the value that was essential where the sign-in is stronger, because the answer must be one of those; and
 * of a passkey its own name where that was asked for.
 */
export function saidAcr(strength: string | undefined, demand: AcrDemand | undefined): string | undefined {
  if (strength === undefined || demand?.values.includes(strength)) return strength
  const acr = strength === PHISHING_RESISTANT ? SECOND_FACTOR : strength
  if (!demand?.isEssential) return acr
  const covered = ranksOf(demand.values).filter((rank) => rank <= rankOf(acr))
  return covered.length > 0 ? ORDER[Math.max(...covered)] : acr
}

function ranksOf(values: readonly string[]): number[] {
  return values.map(rankOf).filter((rank) => rank >= 0)
}

const ORDER: readonly (string | undefined)[] = [...ACR_VALUES, PHISHING_RESISTANT]

function rankOf(acr: string | undefined): number {
  return ORDER.indexOf(acr)
}

/** What is no text names nothing that there is. */
function nameOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

type AskedClaim = { readonly essential?: unknown; readonly value?: unknown; readonly values?: unknown[] }

/** The library has checked that the parameter is JSON, where it looks at it at all. */
function claimIn(claims: unknown): AskedClaim | undefined {
  if (typeof claims !== 'string') return undefined
  try {
    const parsed = JSON.parse(claims) as { id_token?: { acr?: unknown } | null } | null // what else it is has no such member
    const asked = parsed?.id_token?.acr
    if (typeof asked !== 'object' || asked === null) return undefined
    const { essential, value, values } = asked as AskedClaim // members of an object, each looked at below
    return { essential, value, ...(Array.isArray(values) && { values }) }
  } catch {
    return undefined
  }
}
