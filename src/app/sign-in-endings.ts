import type { Audit, AuditEvent, AuditEventType } from '../audit/events.ts'
import type { Metrics } from '../metrics.ts'
import { createSignInEndings, type SignInEndings } from '../oauth/sign-outs/sign-in-endings.ts'
import type { EndingCause, SignInEnded } from '../sign-in-endings/sign-in-ended.ts'
import type { TokenHistory } from '../token-history/token-history.ts'
import type { EndingSubject, TokenEnding } from '../token-history/token-record.ts'

type Listeners = {
  readonly audit: Audit
  readonly metrics: Metrics
  readonly tokenHistory: Pick<TokenHistory, 'noteEnding'>
}

/** Endings of sign-ins, with the audit trail, the token history and the metrics as their first listeners. */
export function openSignInEndings({ audit, metrics, tokenHistory }: Listeners): SignInEndings {
  const endings = createSignInEndings()
  endings.onSignInEnded((event) => {
    const ending = toTokenEnding(event, Date.now())
    if (ending) tokenHistory.noteEnding(ending)
  })
  endings.onSignInEnded((event) => audit(toAuditEvent(event)))
  endings.onSignInEnded(({ what, why }) => metrics.signInsEnded.inc({ what, why }))
  return endings
}

/** What an ending is in the token history; undefined for a browser session, which tokens do not hang from. */
export function toTokenEnding(event: SignInEnded, nowMs: number): TokenEnding | undefined {
  const subject = subjectOf(event)
  const { why: cause, by, cutOffMs } = event
  return (
    subject && {
      subject,
      cause,
      atMs: nowMs,
      ...(by !== undefined && { endedBy: by }),
      ...(cutOffMs !== undefined && { untilMs: cutOffMs }),
    }
  )
}

function subjectOf(event: SignInEnded): EndingSubject | undefined {
  const { what, tokenId, grantId, accountId, companyUserId, clientId } = event
  const named = (of: Exclude<EndingSubject['of'], 'everybody'>, id: string | undefined) =>
    id === undefined ? undefined : { of, id }
  switch (what) {
    case 'everybody':
      return { of: 'everybody' }
    case 'access-token':
      return named('token', tokenId)
    case 'grant':
      return named('grant', grantId)
    case 'customer':
    case 'agent':
      return named('account', accountId)
    case 'company-user':
      return named('company-user', companyUserId)
    case 'client':
      return named('client', clientId)
    case 'session':
      return undefined
  }
}

/** What an ending is in the trail. Causes that end many sign-ins at once are all `sign-out-everywhere`. */
export function toAuditEvent(event: SignInEnded): AuditEvent {
  const { by, accountId, clientId, grantId } = event
  const reason = reasonOf(event)
  return {
    type: typeOf(event),
    ...(by !== undefined && { actor: by }),
    ...(accountId !== undefined && { customerId: accountId }),
    ...(clientId !== undefined && { clientId }),
    ...(grantId !== undefined && { grantId }),
    ...(reason !== undefined && { reason }),
  }
}

function typeOf({ what, why }: SignInEnded): AuditEventType {
  if (why === 'refresh-token-reuse') return 'refresh.theft'
  if (why === 'code-reuse') return 'code.replayed'
  if (why === 'revoked-by-client') return 'token.revoked'
  if (why === 'sign-out' || what === 'session') return 'logout'
  return what === 'grant' ? 'grant.revoked' : 'sign-out-everywhere'
}

const REASONS: Partial<Record<EndingCause, string>> = {
  'sign-out-everywhere': 'asked for at a dialect',
  'ended-by-customer': 'by the customer, on the account pages',
  'refresh-token-reuse': 'a rotated refresh token was used again',
  'password-changed': 'the password was changed',
  blocked: 'blocked',
  erased: 'the customer was erased',
  'email-changed': 'the e-mail address was changed',
  imported: 'an import changed the password, the e-mail address or the status',
  operator: 'by an operator',
  'client-disabled': 'the client was disabled',
  'client-removed': 'the client was removed',
  'warehouse-changed': 'the agent works in another warehouse',
  'agent-dismissed': 'the agent is no agent any more',
  'company-user-inactive': 'the customer may no longer act as the company user',
  'found-refused': 'a token was shown while its owner may not act',
  'second-factor-added': 'the agent has a second factor',
  'passkey-removed': 'a passkey was removed',
  'support-access-ended': 'the support access was ended',
  'upstream-sign-out': 'the sign-in at the provider was ended',
  'global-token-revocation': 'asked for by Global Token Revocation',
  'backup-restored': 'a backup was restored',
  'storage-lost': 'Redis came back empty or with old data',
}

/** An entry has no member for a company user and for an instant: the reason of an operator's act names them. */
function reasonOf({ what, why, tokenKind, companyUserId, cutOffMs }: SignInEnded): string | undefined {
  if (why === 'revoked-by-client') return tokenKind
  const reason = REASONS[why]
  if (why !== 'operator' || cutOffMs === undefined) return reason
  const whose =
    what === 'company-user' ? ` of company user ${companyUserId}` : what === 'everybody' ? ' of everybody' : ''
  return `${reason}: everything${whose} until ${new Date(cutOffMs).toISOString()}`
}
