import type { SigningAlgorithm } from '../signing-key.ts'

export type RotationPolicy = {
  /** The algorithms there is always a signing key for. */
  readonly algorithms: readonly SigningAlgorithm[]
  /** How long a key is published before the schedule lets it sign. */
  readonly propagationSeconds: number
  /** How long a key signs before the schedule replaces it. */
  readonly rotationSeconds: number
  /** The longest lifetime of anything that is signed. */
  readonly tokenLifetimeSeconds: number
  /** How long verifiers may keep the published key set: the `max-age` of the JWKS response. */
  readonly jwksCacheSeconds: number
  /** How far the clock of a node may be off, either way. */
  readonly clockSkewSeconds: number
  /** False stops the schedule: keys change by hand only. Retired keys are still removed. */
  readonly isAutomatic: boolean
}

const DAY = 86_400

/** Publish for 14 days, sign for 90, keep until the last token signed has expired everywhere. */
export const DEFAULT_ROTATION_POLICY: RotationPolicy = {
  algorithms: ['ES256', 'RS256'],
  propagationSeconds: 14 * DAY,
  rotationSeconds: 90 * DAY,
  tokenLifetimeSeconds: 28_800,
  jwksCacheSeconds: 300,
  clockSkewSeconds: 300,
  isAutomatic: true,
}

/**
 * Seconds a key stays published, counted on any node's clock, after any node wrote it off. The writer's clock may be
 * slow and the remover's fast; the issuer's may be fast and the verifier's slow: four times the skew.
 */
export function retentionSeconds(policy: RotationPolicy): number {
  return policy.tokenLifetimeSeconds + policy.jwksCacheSeconds + 4 * policy.clockSkewSeconds
}

/** Seconds from a slow clock's publication to a fast clock's activation that contain the whole propagation time. */
export function publicationSeconds(policy: RotationPolicy): number {
  return policy.propagationSeconds + 2 * policy.clockSkewSeconds
}

/** Seconds a key is published before an operator may let it sign without force: the caches of verifiers have expired by then. */
export function manualWaitSeconds(policy: RotationPolicy): number {
  return Math.min(policy.jwksCacheSeconds, policy.propagationSeconds)
}
