/** The longest that a client assertion may still be good for, and may have been; seconds. */
const LONGEST_SECONDS = 300
/** How far the clocks of clients may be off; the library's own tolerance. */
const TOLERANCE_SECONDS = 15

type Times = { readonly exp?: unknown; readonly iat?: unknown }

/**
 * Why the times of a client assertion are refused, at `now` (epoch seconds): one that somebody steals must soon be worth
 * nothing, and each is remembered until it ends (RFC 7523 §3, 4 and 6). The library has looked at `nbf`, and that `exp`
 * has not passed.
 */
export function assertionFault({ exp, iat }: Times, now: number): string | undefined {
  // Not a huge number either: JSON's 1e999 is Infinity.
  if (!isInstant(exp)) return 'exp must be a number of seconds'
  if (exp > now + LONGEST_SECONDS + TOLERANCE_SECONDS) return `exp must be at most ${LONGEST_SECONDS} seconds ahead`
  if (iat === undefined) return undefined
  if (!isInstant(iat)) return 'iat must be a number of seconds'
  if (iat > now + TOLERANCE_SECONDS) return 'iat must not be in the future'
  return iat < now - LONGEST_SECONDS - TOLERANCE_SECONDS
    ? `iat must be at most ${LONGEST_SECONDS} seconds ago`
    : undefined
}

/** FAPI 2.0 takes the issuer alone, as a text: an assertion for an endpoint could be meant for that of another server. */
export function audienceFault({ aud }: { readonly aud?: unknown }, issuer: string): string | undefined {
  return aud === issuer ? undefined : 'aud must be the issuer, as a text'
}

function isInstant(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}
