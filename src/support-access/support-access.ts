import { isStorable } from '../database/storable.ts'

/** An agent's access to the account of a customer: asked for, perhaps approved, begun and over. Instants are epoch seconds. */
export type SupportAccess = {
  /** A UUID. */
  readonly id: string
  readonly agentId: string
  /** As it was when the access was asked for. */
  readonly agentEmail: string
  readonly customerId: string
  readonly clientId: string
  /** The resource server that tokens are for. */
  readonly resource: string
  readonly scopes: readonly string[]
  /** Absent where none was given, or the customer was erased. */
  readonly reason?: string
  readonly askedAt: number
  readonly approvedAt?: number
  readonly approvedBy?: string
  readonly begunAt?: number
  /** When it is over for good. */
  readonly endsAt?: number
  readonly grantId?: string
  readonly endedAt?: number
  readonly endedBy?: string
  readonly endCause?: EndCause
}

/** Why an access ended before its time. Endings of the sign-in itself are on record with that. */
export type EndCause = 'customer' | 'operator' | 'switched-off' | 'not-issued'

export type AccessState = 'waiting' | 'approved' | 'open' | 'ended' | 'lapsed'

/** Who asks for an access to whose account, by which client, and why. */
export type AccessRequest = Pick<
  SupportAccess,
  'agentId' | 'agentEmail' | 'customerId' | 'clientId' | 'resource' | 'scopes' | 'reason'
>

/** How support access is limited: the settings of its name. */
export type SupportRules = {
  readonly isReasonRequired: boolean
  readonly isPermissionNeeded: boolean
  readonly needsSecondPerson: boolean
  /** How long an access lasts. */
  readonly accessSeconds: number
  /** The only scopes that it may have; undefined: no ceiling. */
  readonly allowedScopes: readonly string[] | undefined
  /** Never granted, and refused when asked for. */
  readonly sensitiveScopes: readonly string[]
}

/** How long a second person may take to approve. */
export const WAITING_SECONDS = 3600
/** How long what was approved can be begun. */
export const APPROVED_SECONDS = 900
/** Longer is no reason. */
export const MAX_REASON_LENGTH = 500

/** `invalid` for what is no line of text that can be kept; undefined where none is given. */
export function readReason(given: unknown): string | undefined | 'invalid' {
  if (given === undefined) return undefined
  if (typeof given !== 'string' || given.length > MAX_REASON_LENGTH || !isStorable(given)) return 'invalid'
  const reason = given.trim()
  if (/\p{Cc}|[\u2028\u2029]/u.test(reason)) return 'invalid'
  return reason === '' ? undefined : reason
}

/** What of the scopes an agent may have who acts for a customer, and which of them may never be asked for. */
export function limitScopes(
  scopes: readonly string[],
  { allowedScopes, sensitiveScopes }: Pick<SupportRules, 'allowedScopes' | 'sensitiveScopes'>,
): { readonly allowed: readonly string[]; readonly sensitive: readonly string[] } {
  const sensitive = scopes.filter((scope) => sensitiveScopes.includes(scope))
  const allowed = scopes.filter((scope) => !sensitive.includes(scope) && (allowedScopes?.includes(scope) ?? true))
  return { allowed, sensitive }
}

/** Where an access stands; what its sign-in says of it beside that is for the caller to know. */
export function stateOf(access: SupportAccess, now: number): AccessState {
  const { endedAt, begunAt, endsAt = 0, approvedAt, askedAt } = access
  if (endedAt !== undefined) return 'ended'
  if (begunAt !== undefined) return endsAt > now ? 'open' : 'ended'
  if (approvedAt !== undefined) return approvedAt + APPROVED_SECONDS > now ? 'approved' : 'lapsed'
  return askedAt + WAITING_SECONDS > now ? 'waiting' : 'lapsed'
}

/** The access in one line, for the audit trail: until when, with which scopes, why. */
export function inWords({ id, endsAt, scopes, reason }: SupportAccess): string {
  const until = endsAt === undefined ? '' : ` until ${new Date(endsAt * 1000).toISOString()}`
  return `${id}${until}, scopes "${scopes.join(' ')}": ${reason ?? NO_REASON}`
}

/** What stands for a reason that was not given. */
export const NO_REASON = 'no reason given'
