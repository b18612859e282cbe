import type { ClientMetadata } from '../client-schema.ts'

/** CLIENT_METADATA_DOCUMENTS and CLIENT_METADATA_HOSTS. */
export type DocumentPolicy = {
  readonly mode: 'off' | 'listed' | 'open'
  /** Hosts, with a port where it is not 443, and whole addresses. */
  readonly listed: readonly string[]
}

/** How far the client of a document is trusted. */
export type DocumentTrust = 'listed' | 'stranger'

/** Whether the policy lets a document in at all, and as what. Decided anew at each use: a host that is taken off the list is out. */
export function trustOf({ mode, listed }: DocumentPolicy, { host, href }: URL): DocumentTrust | undefined {
  if (mode === 'off') return undefined
  if (listed.includes(host) || listed.includes(href)) return 'listed'
  return mode === 'open' ? 'stranger' : undefined
}

/** Seconds. What a stranger holds ends soon: an hour, a week without use, a month in all. */
const STRANGERS_TOKENS = {
  access_token_ttl_seconds: 3600,
  refresh_token_ttl_seconds: 604_800,
  refresh_token_absolute_ttl_seconds: 2_592_000,
} as const

/** As of software that registers itself: people are asked each time, and what they allow is a link. Services choose the form of tokens. */
const OF_AGENTS = { security_profile: 'agent-platform', access_token_format: 'jwt' } as const

/** The client as far as the operator decides: what is offered to software of others, for a stranger not for long. */
export function withCeilings(metadata: ClientMetadata, trust: DocumentTrust): ClientMetadata {
  return { ...metadata, ...OF_AGENTS, resource_scopes: ['*'], ...(trust === 'stranger' && STRANGERS_TOKENS) }
}
