/**
 * Software that asks for tokens: RFC 7591 metadata with our own members beside it. Everything but `client_id` may be
 * absent; oidc-provider checks the standard members when the client is first used.
 */
export type ClientMetadata = {
  readonly client_id: string
  readonly client_name?: string
  readonly application_type?: 'web' | 'native'
  readonly grant_types?: readonly string[]
  readonly response_types?: readonly string[]
  readonly redirect_uris?: readonly string[]
  readonly post_logout_redirect_uris?: readonly string[]
  readonly token_endpoint_auth_method?: string
  readonly scope?: string
  /** The shop's own software: its people are never asked for consent. */
  readonly first_party?: boolean
  /** Scopes granted when a request names none. */
  readonly default_scope?: string
  readonly access_token_ttl_seconds?: number
  /** How long a refresh token lives unless it is used: the sliding lifetime. */
  readonly refresh_token_ttl_seconds?: number
  /** How long a refresh token's whole family may live, however often it is used. */
  readonly refresh_token_absolute_ttl_seconds?: number
  /** A retry of the same refresh within this window gets the same answer again; 0 switches it off. */
  readonly refresh_retry_seconds?: number
  /**
   * What becomes of a refresh token that is used. `rotate`: another takes its place; `lazy`: it works until that other one
   * was used; `keep`: it stays, for clients with a secret or key. Unless given it is `rotate`, or what the shop system of a
   * dialect does.
   */
  readonly refresh_policy?: 'rotate' | 'lazy' | 'keep'
  /** Resource servers (by identifier, `*` at the end matches the rest) whose tokens this client may introspect. */
  readonly introspects?: readonly string[]
  /** Resource servers, written alike, that it may trade a customer's token for (RFC 8693); none unless given. */
  readonly exchange_targets?: readonly string[]
  /**
   * Scopes of resource servers that it may ask for (`*` at the end matches the rest). Software of others must say them;
   * the shop's own may ask for all unless given.
   */
  readonly resource_scopes?: readonly string[]
  readonly [member: string]: unknown
}

export type Client = {
  readonly metadata: ClientMetadata
  readonly isEnabled: boolean
  readonly secrets: readonly ClientSecret[]
}

/** A secret is kept as its SHA-256 only. Several live side by side, so that one can be replaced while both work. */
export type ClientSecret = {
  readonly name: string
  readonly sha256: string
  /** Epoch seconds; absent: does not expire. */
  readonly expiresAt?: number
}
