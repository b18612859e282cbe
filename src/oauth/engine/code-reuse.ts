import type { StoredArtifact } from '../../storage/storage.ts'

/** A device that polled twice did so within seconds: it had no answer yet, or lost it. */
const POLLED_TWICE_SECONDS = 5

/** Kinds that a client asks for again and again until there is an answer. */
const POLLED: readonly string[] = ['DeviceCode', 'BackchannelAuthenticationRequest']

/**
 * Whether another use of a code may be theft, which ends the grant. An authorization code travels through a browser, so any
 * second use may be (RFC 6749 §4.1.2). A device code is known to the device alone, which polls with it again and again
 * (RFC 8628 §3.4): of two polls at once one is answered, the other refused, and what the first was given goes on.
 */
export function isReplay(kind: string, { consumedAt }: StoredArtifact): boolean {
  if (consumedAt === undefined) return false
  return !POLLED.includes(kind) || Date.now() / 1000 - consumedAt > POLLED_TWICE_SECONDS
}
