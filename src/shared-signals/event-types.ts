const SSF = 'https://schemas.openid.net/secevent/ssf/event-type'
const CAEP = 'https://schemas.openid.net/secevent/caep/event-type'
const OAUTH = 'https://schemas.openid.net/secevent/oauth/event-type'
const RISC = 'https://schemas.openid.net/secevent/risc/event-type'

/** Events about a stream itself; every stream has them (SSF 1.0 §8.1.4, §8.1.5). */
export const STREAM_EVENTS = {
  verification: `${SSF}/verification`,
  streamUpdated: `${SSF}/stream-updated`,
} as const

/** Events about people that receivers can ask for (CAEP 1.0 §3, RISC 1.0 §2, OAuth Event Types 1.0 §2). */
export const EVENTS = {
  sessionRevoked: `${CAEP}/session-revoked`,
  credentialChange: `${CAEP}/credential-change`,
  tokenClaimsChange: `${CAEP}/token-claims-change`,
  accountDisabled: `${RISC}/account-disabled`,
  accountEnabled: `${RISC}/account-enabled`,
  accountPurged: `${RISC}/account-purged`,
  credentialChangeRequired: `${RISC}/account-credential-change-required`,
  identifierChanged: `${RISC}/identifier-changed`,
  recoveryInformationChanged: `${RISC}/recovery-information-changed`,
  /** Of the receiver's own tokens: nobody else is told. */
  tokenRevoked: `${OAUTH}/token-revoked`,
} as const

export type EventType = (typeof EVENTS)[keyof typeof EVENTS]

/** In the order in which metadata and streams list them. */
export const EVENTS_SUPPORTED: readonly EventType[] = Object.values(EVENTS)

/** Push (RFC 8935) and poll (RFC 8936), as streams name them. */
export const DELIVERY_METHODS = { push: 'urn:ietf:rfc:8935', poll: 'urn:ietf:rfc:8936' } as const
export type DeliveryMethod = keyof typeof DELIVERY_METHODS
