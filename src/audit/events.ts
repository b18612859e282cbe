/** Every event there is, with what it means. The list is closed: what is not here is not audited. */
export const AUDIT_EVENTS = {
  'login.succeeded': 'A person proved who they are with a password.',
  'login.refused': 'A login was refused; the reason tells wrong from unknown and blocked, which no caller learns.',
  'login.locked': 'A login was refused unchecked, because of too many failures before.',
  'token.issued': 'Tokens were issued; the reason is the grant type.',
  'token.revoked': 'A client revoked a token; the reason is its kind.',
  'refresh.theft': 'A rotated refresh token was used again after its window; the grant is ended.',
  'refresh.mismatch': 'A refresh token was presented by another client or with another key; refused, nothing ended.',
  'code.replayed': 'An authorization code was used twice; the grant is ended.',
  logout: 'A person signed out.',
  'sign-out-everywhere': 'Everything granted to somebody until an instant was ended.',
  'key.changed': 'An operator changed the signing keys; the reason says how.',
  'client.changed': 'An operator changed a client or one of its secrets; the reason says how.',
  'agent.changed': 'An operator made, blocked or unblocked an agent; the reason says how.',
  'token.inspected': 'An operator looked at one token.',
  'customers.imported': 'Customers were imported, or their imported hashes wrapped.',
  'customer.exported': 'Customers, or everything held about one of them, were exported.',
  'customer.erased': 'A person was anonymised.',
  'administrator.signed-in': 'An administrator signed in.',
  'administrator.refused':
    'Somebody failed to sign in as an administrator; the reason says why, which no caller learns.',
  'administrator.signed-out': 'An administrator ended a session.',
  'administrator.changed': 'An administrator was made or changed, or got another password; the reason says how.',
  'admin-token.changed': 'An admin token was made or revoked; the reason says which.',
  'admin.refused': 'Somebody asked the admin API for what their role may not do.',
  'audit.exported': 'The whole audit trail was taken away.',
  'settings.changed': 'An operator changed something else; the reason says what.',
  'audit.pruned': 'Entries older than the retention were removed; the reason has their number.',
  'audit.gap': 'Entries were lost because they could not be written; the reason has their number.',
} as const

export type AuditEventType = keyof typeof AUDIT_EVENTS

/** Who did what to whom, from where. Nothing secret is ever part of it. */
export type AuditEvent = {
  readonly type: AuditEventType
  /** Who acted, where it was not the customer: `agent:…`, `administrator:…`, `admin-token:…`, `admin` (whoever holds ADMIN_TOKEN), `server`. */
  readonly actor?: string
  readonly customerId?: string
  readonly clientId?: string
  readonly grantId?: string
  readonly ip?: string
  readonly requestId?: string
  readonly reason?: string
}

/** Appends one event. Never throws and never waits: auditing must not delay or fail a request. */
export type Audit = (event: AuditEvent) => void
