import type { Claims } from './claims.ts'
import type { Incoming } from './incoming.ts'

/** Whether a platform of the Universal Commerce Protocol asks. */
export function isUcpRequest(incoming: Incoming): boolean {
  return incoming.header('ucp-agent').length > 0
}

/**
 * Whether the platform that asks is the one that the token was made for, where both are said: the token by the claim
 * `ucp_profile`, the request by `UCP-Agent: profile="…"`.
 */
export function isOfPlatform(incoming: Incoming, { ucp_profile: profile }: Claims): boolean {
  if (typeof profile !== 'string') return true
  return incoming.header('ucp-agent').every((value) => {
    const named = /(?:^|[;,\s])profile="([^"]*)"/.exec(value)?.[1]
    return named === undefined || named === profile
  })
}
