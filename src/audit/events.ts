/** The closed list of what is audited. Nothing secret is ever part of an event. */
export type AuditEvent = {
  readonly type:
    | 'login.succeeded'
    | 'login.refused'
    | 'login.locked'
    | 'token.issued'
    | 'token.revoked'
    | 'refresh.theft'
    | 'refresh.mismatch'
    | 'code.replayed'
    | 'logout'
    | 'sign-out-everywhere'
  readonly customerId?: string
  readonly clientId?: string
  readonly grantId?: string
  readonly ip?: string
  readonly requestId?: string
  readonly reason?: string
}

/** Appends one event. Never throws and never waits: auditing must not delay or fail a request. */
export type Audit = (event: AuditEvent) => void
