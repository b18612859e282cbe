import { normalizeEmail } from '../credentials/email.ts'
import { EVENTS, type EventType } from './event-types.ts'
import type { AccountFacts, FactSource } from './facts.ts'
import { commonMembers, type InitiatingEntity, initiatorOf, type Signal } from './signal.ts'
import { aboutPerson } from './subjects.ts'

export const CHANGE_KINDS = [
  'purged',
  'disabled',
  'enabled',
  'email',
  'reference',
  'password',
  'password-required',
  'passkey',
  'factor',
  'company-user',
] as const

/** A change of an account as the database noted it: `migrations/0207-account-changes.ts`. */
export type AccountChange = {
  readonly kind: (typeof CHANGE_KINDS)[number]
  readonly accountId: string
  readonly detail: Readonly<Record<string, unknown>>
  readonly by?: string | undefined
  readonly txn: string
  readonly atMs: number
}

export type ChangeSignalDeps = {
  readonly issuer: string
  readonly facts: FactSource
  /** Domains over whose addresses this server is the authority. */
  readonly ownEmailDomains: readonly string[]
}

type Told = {
  readonly event: EventType
  readonly reason: string
  /** Who, where the change names nobody. */
  readonly by: InitiatingEntity
  readonly members?: Readonly<Record<string, unknown>>
  /** RISC's identifier-changed is about the address that it was. */
  readonly aboutAddress?: string
}

/** What receivers are told of a change. Nothing of an account that is erased, but that it is. */
export async function signalsOfChange(deps: ChangeSignalDeps, change: AccountChange): Promise<Signal[]> {
  const { issuer, facts } = deps
  const { kind, accountId, by, atMs, detail } = change
  const account = await facts.findAccount(accountId)
  if (account?.isErased && kind !== 'purged') return []
  const txn = `change-${change.txn}`
  const companyId = kind === 'company-user' ? text(detail.companyId) : undefined
  const about = aboutPerson(issuer, { accountId, email: account?.email, companyId })
  return toldOf(deps, change, account).map(({ event, reason, by: usual, members, aboutAddress }) => ({
    event,
    members: { ...members, ...commonMembers({ atMs, by: initiatorOf(by, usual), reason }) },
    ...about,
    ...(aboutAddress !== undefined && { subject: { format: 'email', email: aboutAddress } as const }),
    txn,
    ...(kind === 'purged' && { isLast: true }),
  }))
}

function toldOf(deps: ChangeSignalDeps, change: AccountChange, account: AccountFacts | undefined): readonly Told[] {
  const { kind, detail } = change
  const isAgent = change.accountId.startsWith('agent:')
  const owner = isAgent ? 'admin' : 'user'
  switch (kind) {
    case 'purged':
      // Receivers that know no other event than this one must not be left with a session.
      return [
        { event: EVENTS.sessionRevoked, reason: 'The account was erased.', by: owner },
        { event: EVENTS.accountPurged, reason: 'The account was erased.', by: owner },
      ]
    case 'disabled':
      return [{ event: EVENTS.accountDisabled, reason: 'The account was disabled.', by: 'admin' }]
    case 'enabled':
      return [{ event: EVENTS.accountEnabled, reason: 'The account was enabled again.', by: 'admin' }]
    case 'email':
      return ofAddress(deps, detail)
    case 'reference':
      return [
        {
          event: EVENTS.tokenClaimsChange,
          reason: 'The customer reference was changed.',
          by: 'admin',
          members: { claims: { customer_reference: detail.to } },
        },
      ]
    case 'password':
      return [credential('password', change, { noun: 'password', by: owner })]
    case 'passkey': {
      const type = detail.isOnDevice === false ? 'fido2-roaming' : 'fido2-platform'
      return [credential(type, change, { noun: 'passkey', by: owner })]
    }
    case 'factor':
      return [credential('app', change, { noun: 'second factor by app', by: owner })]
    case 'password-required':
      return [
        {
          event: EVENTS.credentialChangeRequired,
          reason: 'The password must be changed at the next sign-in.',
          by: 'policy',
        },
      ]
    case 'company-user': {
      const claims = account?.companyClaims(text(detail.companyUserId) ?? '') ?? {}
      const reason = 'What the person may do for the company was changed.'
      return [{ event: EVENTS.tokenClaimsChange, reason, by: 'admin', members: { claims } }]
    }
  }
}

const DONE = { create: 'added', update: 'changed', delete: 'removed', revoke: 'removed' } as const

/** What somebody else takes away is revoked; what the person removes is deleted (CAEP 1.0 §3.3). */
function credential(
  type: string,
  { detail: { change, aaguid, name }, by: actor }: AccountChange,
  { noun, by }: { readonly noun: string; readonly by: InitiatingEntity },
): Told {
  const given = change as keyof typeof DONE // as the triggers write it
  const changeType = given === 'delete' && initiatorOf(actor, by) !== 'user' ? 'revoke' : given
  return {
    event: EVENTS.credentialChange,
    reason: `A ${noun} was ${DONE[changeType]}.`,
    by,
    members: {
      credential_type: type,
      change_type: changeType,
      ...(typeof name === 'string' && { friendly_name: name }),
      ...(typeof aaguid === 'string' && type !== 'app' && { fido2_aaguid: aaguid }),
    },
  }
}

/**
 * An address: the claim of it for those who read tokens; for those who rely on the address, the event of the authority over it where that is
 * this server, and otherwise that of everybody else (RISC 1.0 §2.5, §2.8).
 */
function ofAddress({ ownEmailDomains }: ChangeSignalDeps, { from, to, isVerified }: AccountChange['detail']): Told[] {
  const claims = { email: to, email_verified: isVerified }
  const [before, after] = [text(from), text(to)]
  const isMoved = before !== undefined && after !== undefined && normalizeEmail(before) !== normalizeEmail(after)
  const reason = isMoved ? 'The e-mail address was changed.' : 'The e-mail address was confirmed, or is to be.'
  const claimed = { event: EVENTS.tokenClaimsChange, reason, by: 'user', members: { claims } } as const
  if (!isMoved) return [claimed]
  const domain = normalizeEmail(before).split('@').at(-1) ?? ''
  return [
    claimed,
    ownEmailDomains.includes(domain)
      ? { event: EVENTS.identifierChanged, reason, by: 'user', members: { 'new-value': after }, aboutAddress: before }
      : { event: EVENTS.recoveryInformationChanged, reason, by: 'user' },
  ]
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
