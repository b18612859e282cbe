/** Every event there is, with what it means. The list is closed: what is not here is not audited. */
export const AUDIT_EVENTS = {
  'login.succeeded': 'A person proved who they are; the reason says how where it was not by a password.',
  'login.refused': 'A login was refused; the reason tells wrong from unknown and blocked, which no caller learns.',
  'login.locked': 'A login was refused unchecked, because of too many failures before.',
  'token.issued': 'Tokens were issued; the reason is the grant type.',
  'token.revoked': 'A token was revoked; the reason is its kind.',
  'refresh.theft': 'A rotated refresh token was used again after its window; the grant is ended.',
  'refresh.mismatch': 'A refresh token was presented by another client or with another key; refused, nothing ended.',
  'code.replayed': 'An authorization code or a device code was used twice; the grant is ended.',
  'client.refused': 'A client that exists could not prove that it is this client; the reason is the endpoint.',
  'introspection.refused': 'A client asked about a living token that is none of its business; the reason is its kind.',
  logout: 'A person signed out.',
  'sign-out-everywhere': 'Everything granted to somebody, or to all, until an instant was ended; the reason says why.',
  'grant.revoked': 'An operator ended one sign-in.',
  'password.changed': 'A customer set a new password; the reason says by which way.',
  'customer.registered': 'A customer made an account, or confirmed its e-mail address; the reason says which.',
  'lockout.lifted': 'A lockout was lifted by the person it kept out, or by an operator.',
  'key.changed': 'The signing keys changed, by an operator or by the schedule; the reason says how.',
  'secret.changed': 'An operator replaced a secret of the server; the reason says which.',
  'client.changed': 'An operator changed a client or one of its secrets; the reason says how.',
  'resource-server.changed': 'An operator changed a resource server; the reason says how.',
  'customer.changed': 'An operator made, changed, blocked, unblocked or confirmed a customer; the reason says which.',
  'company.changed': 'An operator changed a company, a business unit or a role of it; the reason says which.',
  'agent.changed': 'An operator made or changed an agent; the reason says how.',
  'sign-in-link.made': 'A link that signs a customer in was made.',
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
  'admin.refused': 'A request to the admin API had no token, a wrong one, or one that may not do this.',
  'server.started': 'A node started; the reason has a digest of its settings but for secrets: it changes with them.',
  'server.restored':
    'An operator declared that a backup was restored: everybody was signed out; the reason says the rest.',
  'audit.exported': 'An operator exported the audit trail.',
  'audit.pruned': 'Entries older than the retention were removed; the reason says how many and up to which.',
  'audit.gap': 'Entries were lost because they could not be written; the reason has their number.',
} as const

export type AuditEventType = keyof typeof AUDIT_EVENTS

/** How what an event tells of ended. */
export type AuditOutcome = 'done' | 'refused'

const REFUSALS: ReadonlySet<AuditEventType> = new Set([
  'login.refused',
  'login.locked',
  'refresh.theft',
  'refresh.mismatch',
  'code.replayed',
  'administrator.refused',
  'client.refused',
  'introspection.refused',
  'admin.refused',
])

export function outcomeOf(type: AuditEventType): AuditOutcome {
  return REFUSALS.has(type) ? 'refused' : 'done'
}

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
