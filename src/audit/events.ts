/** Every event there is, with what it means. The list is closed: what is not here is not audited. */
export const AUDIT_EVENTS = {
  'login.succeeded': 'A person signed in; the reason says how, if it was not by password.',
  'login.refused':
    'A login was refused; the reason says whether the password was wrong, or the account unknown or blocked, and the customer or the agent is named where the login is theirs. Callers do not get it.',
  'login.locked':
    'A login was refused without a password check, because of too many failures before; the customer or the agent is named where the login is theirs.',
  'token.issued': 'Tokens were issued; the reason is the grant type.',
  'token.revoked': 'A token was revoked; the reason is the kind of the token.',
  'refresh.theft': 'A rotated refresh token was used again after its retry window; the grant was revoked.',
  'refresh.mismatch':
    'A refresh token was used by another client, or with another key; the request was refused and the grant still works.',
  'code.replayed': 'An authorization code or a device code was used twice; the grant was revoked.',
  'client.refused': 'A known client failed to authenticate; the reason is the endpoint.',
  'introspection.refused':
    'A client asked about an active token that it may not see; the reason is the kind of the token.',
  logout: 'A person signed out.',
  'sign-out-everywhere':
    'All tokens issued before an instant were revoked, for one customer, agent, company user or client, or for all; the reason says why.',
  'grant.revoked': 'An operator ended one sign-in.',
  'password.changed': 'A customer set a new password; the reason says how.',
  'password.reset-requested':
    'A customer was sent a letter with a link to set a new password, or a service of the shop got a key for that; then the reason names it.',
  'customer.registered': 'A customer created an account, or confirmed its e-mail address; the reason says which.',
  'lockout.lifted': 'A lockout was removed, by the customer or by an operator.',
  'key.changed': 'An operator or the schedule changed the signing keys; the reason says how.',
  'secret.changed': 'An operator replaced a secret of the server; the reason says which.',
  'client.changed':
    'An operator changed a client or one of its secrets; the reason says what, with the values before and after.',
  'resource-server.changed':
    'An operator changed a resource server; the reason says what, with the values before and after.',
  'customer.changed':
    'An operator created, changed, blocked, unblocked or confirmed a customer, or customers changed their own data; the reason says what changed, without names and addresses.',
  'customer.email-changed':
    'The e-mail address of a customer was changed by an operator or an import, or changed back from the former address; the reason says which.',
  'company.changed':
    'An operator changed a company, or one of its business units or roles; the reason says what, with the values before and after.',
  'agent.changed': 'An operator created or changed an agent; the reason says what changed.',
  'support-access.asked':
    'An agent asked to act for a customer, and a second person must approve it; the reason says which access, its scopes and why, as in every event of this name.',
  'support-access.approved': 'An administrator approved that an agent acts for a customer.',
  'support-access.begun': 'An agent began to act for a customer; the reason says until when.',
  'support-access.refused': 'An agent was refused to act for a customer; the reason says why.',
  'support-access.ended': 'An agent may no longer act for a customer before the time was over; the reason says why.',
  'support-access.switched':
    'An operator switched support access off or on; the reason says which, and how many ended.',
  'sign-in-link.made': 'A link that signs in a customer was created.',
  'sign-in-code.made': 'An agent made a code that signs in as a customer; the reason is the agent’s.',
  'token.inspected': 'An operator inspected a token, or looked up tokens on record.',
  'customers.imported': 'Customers were imported, or their password hashes were wrapped.',
  'customer.exported': 'Customers, or all data about one customer, were exported.',
  'customers.searched': 'An agent searched customers; the reason says how many were found.',
  'customer.erased':
    'A customer was anonymised, by an operator or by the customer; the reason says if it was the customer.',
  'administrator.signed-in': 'An administrator signed in.',
  'administrator.refused':
    'A sign-in to an administrator account was refused; the reason says why, and the actor is the administrator whose login it is. Callers do not get it.',
  'administrator.signed-out': 'An administrator ended a session.',
  'administrator.changed':
    'An administrator was created or changed, or got a new password; the reason says what changed, for example the role before and after.',
  'administrator.second-factor-added': 'An administrator has a second factor now; their sessions ended.',
  'administrator.second-factor-removed': 'An administrator removed their own second factor, with one of its codes.',
  'administrator.second-factor-reset':
    'An operator removed the second factor of an administrator; the reason says whose.',
  'admin-token.changed': 'An admin token was created or revoked; the reason says which, and its role.',
  'admin.refused':
    'A request to the admin API was refused: it had no token, a wrong token, or a token without the permission.',
  'server.started':
    'A node started; the reason contains a digest of its settings without secrets, which changes when they change.',
  'server.restored':
    'An operator reported that a backup was restored, and all sessions were signed out; the reason says whether keys were replaced.',
  'audit.exported': 'An operator exported the audit trail.',
  'audit.pruned': 'Entries older than AUDIT_RETENTION_DAYS were removed; the reason says how many, and up to which.',
  'audit.gap': 'Entries were lost because they could not be written; the reason says how many.',
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
  'support-access.refused',
])

export function outcomeOf(type: AuditEventType): AuditOutcome {
  return REFUSALS.has(type) ? 'refused' : 'done'
}

/** Who did what to whom, from where. Nothing secret is ever part of it. */
export type AuditEvent = {
  readonly type: AuditEventType
  /** Who acted, where it was not the customer: `agent:…`, `administrator:…`, `admin-token:…`, `admin` (a holder of ADMIN_TOKEN), `server`. */
  readonly actor?: string
  readonly customerId?: string
  readonly clientId?: string
  readonly grantId?: string
  readonly ip?: string
  readonly requestId?: string
  /** The keyed digest of the sign-in that the request was a part of. */
  readonly signIn?: string
  readonly reason?: string
}

/** Appends one event. Never throws and never waits: auditing must not delay or fail a request. */
export type Audit = (event: AuditEvent) => void
