import type { ClientMetadata } from '../../clients/client.ts'
import { LONGEST_TOKEN_SECONDS } from '../../clients/client-schema.ts'
import type { ResourceServer } from '../../clients/resource-servers.ts'

/** Seconds. Access tokens live eight hours, a refresh token one month unless it is used. */
export const LIFETIMES = {
  accessToken: 28_800,
  refreshToken: 2_628_000,
  authorizationCode: 60,
  deviceCode: 600,
  idToken: 3600,
  interaction: 3600,
  session: 1_209_600,
  refreshRetry: 10,
  /** What a grant may outlive its family by, for access tokens of resource servers with long lifetimes: 30 days. */
  grantMargin: 2_592_000,
} as const

/**
 * How long the refresh tokens of one sign-in go on, however often they are used, by client type (RFC 6749 §2.1); seconds.
 * A public client cannot prove who it is, so what is stolen from one ends sooner: after half a year instead of a year.
 */
const FAMILY_SECONDS = { public: 15_768_000, confidential: 31_536_000 } as const

export function accessTokenTtlSeconds(client: ClientMetadata, serverTtlSeconds: number | undefined): number {
  return Math.min(LONGEST_TOKEN_SECONDS, client.access_token_ttl_seconds ?? serverTtlSeconds ?? LIFETIMES.accessToken)
}

/** The same for tokens of clients themselves, at resource servers that take no long ones. */
export function machineTokenTtlSeconds(
  client: ClientMetadata,
  { accessTokenTtlSeconds: own, longestTokenSeconds = LONGEST_TOKEN_SECONDS }: ResourceServer,
): number {
  return Math.min(longestTokenSeconds, accessTokenTtlSeconds(client, own))
}

/** The sliding lifetime, cut where the family's absolute one ends; `familyAgeSeconds` counts from the sign-in. */
export function refreshTokenTtlSeconds(client: ClientMetadata, familyAgeSeconds: number): number {
  const sliding = Math.min(LONGEST_TOKEN_SECONDS, client.refresh_token_ttl_seconds ?? LIFETIMES.refreshToken)
  return Math.max(1, Math.min(sliding, familyTtlSeconds(client) - familyAgeSeconds))
}

/** The absolute lifetime of a sign-in's refresh tokens: a grant never ends earlier. */
export function familyTtlSeconds(client: ClientMetadata): number {
  return client.refresh_token_absolute_ttl_seconds ?? FAMILY_SECONDS[typeOf(client)]
}

function typeOf(client: ClientMetadata): keyof typeof FAMILY_SECONDS {
  return client.token_endpoint_auth_method === 'none' ? 'public' : 'confidential'
}

export function refreshRetrySeconds(client: ClientMetadata): number {
  return client.refresh_retry_seconds ?? LIFETIMES.refreshRetry
}

/** By how much longer a grant is kept than it must be, so that not every refresh has to lengthen its life. */
const AHEAD = 1.05

/**
 * Seconds for which a grant is kept that must be kept for so long. Whoever writes one keeps it so: families remember until when it is kept,
 * and no write may shorten that.
 */
export function keptAhead(neededSeconds: number): number {
  return Math.ceil(neededSeconds * AHEAD)
}

/** How long a grant must be kept for a refresh token and the last access token made with it. */
export function grantTtlSeconds(refreshTtlSeconds: number, accessTtlSeconds: number): number {
  return refreshTtlSeconds + accessTtlSeconds
}
