/** Why sign-ins end. The list is closed: an ending without a cause of its own here is a mistake. */
export const ENDING_CAUSES = [
  'sign-out',
  'sign-out-everywhere',
  'ended-by-customer',
  'revoked-by-client',
  'refresh-token-reuse',
  'code-reuse',
  'password-changed',
  'blocked',
  'erased',
  'email-changed',
  'imported',
  'operator',
  'client-disabled',
  'client-removed',
  'warehouse-changed',
  'agent-dismissed',
  'company-user-inactive',
  'found-refused',
  'second-factor-added',
  'passkey-removed',
  'support-access-ended',
  'upstream-sign-out',
  'global-token-revocation',
  'backup-restored',
  'storage-lost',
] as const

export type EndingCause = (typeof ENDING_CAUSES)[number]

/** One ending of one sign-in, of one token, or of many sign-ins at once. What is unknown is absent. */
export type SignInEnded = {
  readonly what: 'grant' | 'access-token' | 'session' | 'customer' | 'agent' | 'company-user' | 'client' | 'everybody'
  readonly why: EndingCause
  /** Who acted, where it was not the person who was signed in: as in the audit trail. */
  readonly by?: string
  /** The subject: a customer's id, or with their prefixes that of an agent or of a visitor. */
  readonly accountId?: string
  readonly clientId?: string
  readonly grantId?: string
  /** As `sid` in the ID tokens of the session; never the session's cookie. */
  readonly sessionId?: string
  readonly companyUserId?: string
  /** Of the one access token that ended. */
  readonly jti?: string
  /** As the token is on record: its `jti`, or the digest of an opaque one. Of the one access token that ended. */
  readonly tokenId?: string
  /** Of the one token that was shown to end it or the grant it hangs from. */
  readonly tokenKind?: 'access-token' | 'client-credentials' | 'refresh-token'
  /** Epoch milliseconds: what was granted until then ended. Only of many sign-ins at once. */
  readonly cutOffMs?: number
  /** The browser session that goes on, by the name that is in no cookie: its customer asked for the end of all others. */
  readonly keptSessionUid?: string
  readonly requestId?: string
}
