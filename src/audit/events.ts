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
  logout: 'A person signed out, with the browser or, as the reason says, from another one.',
  'sign-out-everywhere':
    'All tokens issued before an instant were revoked, for one customer, agent, company user or client, or for all; the reason says why.',
  'global-token-revocation.asked':
    'A client or a sign-in provider asked to sign a person out everywhere (Global Token Revocation); the actor is the caller, and the reason says how the person was named, or that there is none.',
  'link.created':
    'A customer let software of others use the account, which had no access before; the reason says for what and by which way, and of the consent page the digest and the language of its text.',
  'link.widened': 'A customer allowed software of others more than before; the reason is as for `link.created`.',
  'link.used':
    'Software of others used its access to an account, for the first time on that day (UTC); the reason is the grant type, or the resource server that was shown a token.',
  'link.narrowed': 'A customer took some scopes back from software of others; the reason lists them.',
  'link.withdrawn':
    'The access of software of others to an account was ended, by the customer, an operator or the software itself; the reason says who.',
  'link.refused': 'A customer did not allow software of others what it asked for.',
  'grant.revoked': 'An operator or the customer ended one sign-in; the reason says who.',
  'password.changed': 'A customer set a new password; the reason says how.',
  'password.reset-requested':
    'A customer was sent a letter with a link to set a new password, or a service of the shop got a key for that; then the reason names it.',
  'passkey.added': 'A customer has one more passkey; the reason says whether the customer or their browser made it.',
  'passkey.removed':
    'A passkey was removed, by the customer or an operator, or because it was not kept at a password recovery; the reason says which, or the actor who did it.',
  'customer.registered': 'A customer created an account, or confirmed its e-mail address; the reason says which.',
  'lockout.lifted': 'A lockout was removed, by the customer or by an operator.',
  'key.changed': 'An operator or the schedule changed the signing keys; the reason says how.',
  'secret.changed': 'An operator replaced a secret of the server; the reason says which.',
  'client.changed':
    'An operator changed a client or one of its secrets; the reason says what, with the values before and after.',
  'client.registered':
    'Software registered itself as a client; the reason says where it sends people, and the token that it was allowed by.',
  'client.registration-refused':
    'Software was refused to register itself; the reason says why. Only what an operator may want to change is noted, no mistakes of the software.',
  'client.registration-changed':
    'A client changed or removed its own registration, or was removed because nobody used it; the reason says which.',
  'initial-token.changed':
    'An operator created or revoked a token with which software registers itself; the reason says which.',
  'client-document.accepted':
    'A client metadata document was read for the first time, or says something else than before; the reason says what changed.',
  'client-document.refused':
    'A client metadata document could not be fetched, or cannot be used; the reason says why. Callers do not get it.',
  'client-document.blocked':
    'An operator blocked a host or an address of client metadata documents, and every token of theirs ended.',
  'client-document.unblocked': 'An operator let a blocked host or address of client metadata documents in again.',
  'resource-server.changed':
    'An operator changed a resource server; the reason says what, with the values before and after.',
  'customer.changed':
    'An operator created, changed, blocked, unblocked or confirmed a customer, or customers changed their own data; the reason says what changed, without names and addresses.',
  'customer.email-changed':
    'The e-mail address of a customer was changed by an operator or an import, or changed back from the former address; the reason says which.',
  'customer.upstream-linked':
    'A customer connected an account at a sign-in provider, or came by it first; the reason names the provider.',
  'customer.upstream-unlinked':
    'An account at a sign-in provider no longer signs a customer in; the reason names the provider, and says why if it was not the customer.',
  'upstream.changed':
    'An operator changed a sign-in provider; the reason says what, with the values before and after, never the secret.',
  'issuer.changed':
    'An operator changed a trusted issuer, or enabled or disabled it; the reason says what, with the values before and after.',
  'assertion.refused':
    'A client presented an assertion of a trusted issuer that was not taken; the reason names the issuer and says why, never what the assertion says.',
  'account-linking.asked':
    'Google asked whether a person has an account here, to link it or to make it (streamlined linking); the reason says what was asked and what came of it.',
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
  'mandate.granted':
    'A customer gave a client a purchase mandate; the reason says its id and what it allows, as in the other events of mandates.',
  'mandate.approved': 'A customer approved one order above ask_above of a purchase mandate; the reason says which.',
  'mandate.held': 'A shop held an amount of a purchase mandate for an order; the actor is its client.',
  'mandate.captured': 'A shop captured what it held of a purchase mandate, or less; the actor is its client.',
  'mandate.released': 'A shop gave back what it held of a purchase mandate; the actor is its client.',
  'mandate.exceeded':
    'An order was refused, because a purchase mandate does not allow it; the reason says which limit.',
  'mandate.narrowed':
    'A customer or an operator lowered, shortened, paused or resumed a purchase mandate; the reason says what holds now.',
  'mandate.withdrawn':
    'A customer or an operator withdrew a purchase mandate, or it ended with its sign-in; the reason says who.',
  'signal-stream.changed':
    'A stream of Shared Signals was created, changed, removed, paused, disabled or enabled, by its receiver or an operator; the reason says which.',
  'approval.asked': 'A client asked a customer to approve something that was begun on another device (CIBA).',
  'approval.withheld':
    'A client asked for the approval of a customer who was asked too often already, or has too many requests waiting; the customer was not told.',
  'approval.given': 'A customer approved what a client asked for; the client gets tokens under the grant.',
  'approval.denied': 'A customer did not approve what a client asked for.',
  'sign-in-link.made': 'A link that signs in a customer was created.',
  'sign-in-code.made': 'An agent made a code that signs in as a customer; the reason is the agent’s.',
  'token.inspected': 'An operator inspected a token, or looked up tokens on record.',
  'customers.imported': 'Customers were imported, or their password hashes were wrapped.',
  'customer.second-factor-added': 'A customer has a second factor now.',
  'customer.second-factor-removed': 'A customer removed their own second factor.',
  'customer.second-factor-reset': 'An operator removed the second factor of a customer.',
  'customer.recovery-codes-renewed': 'A customer got new recovery codes in place of the old ones.',
  'customer.recovery-code-used': 'A customer used a recovery code as second factor; the reason says how many are left.',
  'customer.device-remembered': 'A customer let a browser be remembered, which asks for no second factor.',
  'customer.devices-forgotten': 'A remembered browser of a customer was forgotten; the reason says whether one or all.',
  'customer.exported':
    'Customers, or all data about one customer, were exported, by an operator or, as the reason says, by the customer.',
  'customer.deletion':
    'A customer asked for the account to be erased, or called it off; the reason says which. When it is done there is `customer.erased`.',
  'company.chosen':
    'A customer chose the company user that a sign-in acts as, or that is their default, on a page or by a token request; the reason names it, or says that they act as a private person.',
  'company.membership':
    'A company user invited somebody to the company, changed the roles of a member, removed one or let one come back, or a customer accepted, declined or left; the reason says which, and the company.',
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
  'outbox.changed':
    'An operator paused or resumed a receiver of notices, sent again what waited for it, or deleted what was given up; the reason says which, and how many.',
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
  'client.registration-refused',
  'client-document.refused',
  'introspection.refused',
  'link.refused',
  'admin.refused',
  'support-access.refused',
  'assertion.refused',
  'approval.withheld',
  'approval.denied',
  'mandate.exceeded',
])

export function outcomeOf(type: AuditEventType): AuditOutcome {
  return REFUSALS.has(type) ? 'refused' : 'done'
}

/** Who did what to whom, from where. Nothing secret is ever part of it. */
export type AuditEvent = {
  readonly type: AuditEventType
  /** Who acted, where it was not the customer: `agent:…`, `administrator:…`, `admin-token:…`, `admin` (a holder of ADMIN_TOKEN), `client:…`, `upstream:…`, `server`. */
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
