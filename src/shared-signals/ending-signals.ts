import type { LoggedEnding } from '../sign-in-endings/ending-rows.ts'
import type { EndingCause } from '../sign-in-endings/sign-in-ended.ts'
import { EVENTS } from './event-types.ts'
import type { FactSource } from './facts.ts'
import { commonMembers, type InitiatingEntity, initiatorOf, type Signal } from './signal.ts'
import { aboutPerson } from './subjects.ts'

type Cause = { readonly reason: string; readonly by: InitiatingEntity }

/** Why a session was revoked, for administrators, and who did it where the ending names nobody. */
const CAUSES: Readonly<Record<EndingCause, Cause>> = {
  'sign-out': { reason: 'The person signed out.', by: 'user' },
  'sign-out-everywhere': { reason: 'The person signed out everywhere.', by: 'user' },
  'ended-by-customer': { reason: 'The person ended the sign-in on the account pages.', by: 'user' },
  'revoked-by-client': { reason: 'The client revoked its token.', by: 'system' },
  'refresh-token-reuse': { reason: 'A refresh token was used again after it was replaced.', by: 'policy' },
  'code-reuse': { reason: 'An authorization code was used twice.', by: 'policy' },
  'password-changed': { reason: 'The password was changed.', by: 'user' },
  blocked: { reason: 'The account was disabled.', by: 'admin' },
  erased: { reason: 'The account was erased.', by: 'user' },
  'email-changed': { reason: 'The e-mail address was changed.', by: 'user' },
  imported: { reason: 'An import changed the password, the e-mail address or the status.', by: 'admin' },
  operator: { reason: 'An administrator ended the sign-in.', by: 'admin' },
  'client-disabled': { reason: 'The client was disabled.', by: 'admin' },
  'client-removed': { reason: 'The client was removed.', by: 'admin' },
  'warehouse-changed': { reason: 'The agent works in another warehouse.', by: 'admin' },
  'agent-dismissed': { reason: 'The agent is no agent any more.', by: 'admin' },
  'company-user-inactive': { reason: 'The person may no longer act for the company.', by: 'admin' },
  'found-refused': { reason: 'The account was found not to be allowed to act.', by: 'policy' },
  'second-factor-added': { reason: 'A second factor was added.', by: 'user' },
  'passkey-removed': { reason: 'A passkey was removed.', by: 'user' },
  'support-access-ended': { reason: 'The support access was ended.', by: 'system' },
  'upstream-sign-out': { reason: 'The sign-in at the identity provider was ended.', by: 'system' },
  'global-token-revocation': { reason: 'Global Token Revocation was asked for.', by: 'system' },
  'backup-restored': { reason: 'A backup was restored.', by: 'system' },
  'storage-lost': { reason: 'The session store lost its data.', by: 'system' },
}

export type EndingSignalDeps = { readonly issuer: string; readonly facts: FactSource }

/**
 * What receivers are told of an ending: that a session is revoked (CAEP 1.0 §3.1). A token or sign-in that its own client revoked, and a
 * client that was switched off, are no news about a person; the erasure of an account is told by its change. The client of a sign-in that ended also hears that its tokens did.
 */
export async function signalsOfEnding({ issuer, facts }: EndingSignalDeps, ending: LoggedEnding): Promise<Signal[]> {
  const { what, why, by, requestId, id, atMs, companyUserId } = ending
  if (why === 'erased' || what === 'access-token' || what === 'client') return []
  if (what === 'grant' && why === 'revoked-by-client') return []
  const { reason, by: usual } = CAUSES[why]
  const signal = {
    event: EVENTS.sessionRevoked,
    members: commonMembers({ atMs, by: initiatorOf(by, usual), reason }),
    txn: requestId ?? id,
  }
  if (what === 'everybody') {
    const tenant = { format: 'uri', uri: issuer } as const
    return [{ ...signal, subject: { format: 'complex', tenant }, subjectKeys: [] }]
  }
  const companyUser = companyUserId === undefined ? undefined : await facts.findCompanyUser(companyUserId)
  const accountId = ending.accountId ?? companyUser?.accountId
  if (accountId === undefined || isVisitor(accountId)) return []
  const account = await facts.findAccount(accountId)
  if (account?.isErased) return []
  const about = aboutPerson(issuer, {
    accountId,
    email: account?.email,
    companyId: companyUser?.companyId,
    sessionId: sessionOf(ending),
  })
  return [{ ...signal, ...about }, ...revokedTokens(ending, { ...signal, ...about }, issuer)]
}

/** The client whose tokens ended hears of these as well, by the claim `gid` that they have. */
function revokedTokens({ what, clientId, grantId, accountId }: LoggedEnding, signal: Signal, issuer: string): Signal[] {
  if (what !== 'grant' || clientId === undefined || accountId === undefined || accountId.startsWith('agent:')) return []
  const members = { ...signal.members, token_type: 'refresh_token', ...(grantId !== undefined && { gid: grantId }) }
  const subject = { format: 'iss_sub', iss: issuer, sub: accountId } as const
  return [{ ...signal, event: EVENTS.tokenRevoked, members, subject, onlyClient: clientId }]
}

/** A browser's session; of a sign-in without one, the grant. */
function sessionOf({ what, sessionId, grantId }: LoggedEnding): string | undefined {
  return what === 'grant' || what === 'session' ? (sessionId ?? grantId) : undefined
}

/** Somebody who has no account yet. */
function isVisitor(accountId: string): boolean {
  return accountId.startsWith('anonymous:')
}
