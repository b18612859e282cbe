import type { ClientMetadata } from '../clients/client.ts'

/** Seconds. Access tokens live eight hours, a refresh token one month unless it is used, its family at most a year. */
export const LIFETIMES = {
  accessToken: 28_800,
  refreshToken: 2_628_000,
  refreshFamily: 31_536_000,
  authorizationCode: 60,
  deviceCode: 600,
  idToken: 3600,
  interaction: 3600,
  session: 1_209_600,
  refreshRetry: 10,
  /** What a grant may outlive its family by, for access tokens of resource servers with long lifetimes: 30 days. */
  grantMargin: 2_592_000,
} as const

export function accessTokenTtlSeconds(client: ClientMetadata, serverTtlSeconds: number | undefined): number {
  return client.access_token_ttl_seconds ?? serverTtlSeconds ?? LIFETIMES.accessToken
}

/** The sliding lifetime, cut where the family's absolute one ends; `familyAgeSeconds` counts from the sign-in. */
export function refreshTokenTtlSeconds(client: ClientMetadata, familyAgeSeconds: number): number {
  const sliding = client.refresh_token_ttl_seconds ?? LIFETIMES.refreshToken
  return Math.max(1, Math.min(sliding, familyTtlSeconds(client) - familyAgeSeconds))
}

/** How long the refresh tokens of one sign-in may go on: a grant never ends earlier. */
export function familyTtlSeconds(client: ClientMetadata): number {
  return client.refresh_token_absolute_ttl_seconds ?? LIFETIMES.refreshFamily
}

export function refreshRetrySeconds(client: ClientMetadata): number {
  return client.refresh_retry_seconds ?? LIFETIMES.refreshRetry
}

/** How long a grant must be kept for a refresh token and the last access token made with it. */
export function grantTtlSeconds(refreshTtlSeconds: number, accessTtlSeconds: number): number {
  return refreshTtlSeconds + accessTtlSeconds
}
