import { randomUUID } from 'node:crypto'
import type { EventType } from './event-types.ts'
import type { SubjectIdentifier } from './subject-identifier.ts'

/** Who caused an event (CAEP 1.0 §2). */
export type InitiatingEntity = 'admin' | 'user' | 'policy' | 'system'

/** One event about one subject, before it is known who is told of it. */
export type Signal = {
  readonly event: EventType
  readonly members: Readonly<Record<string, unknown>>
  readonly subject: SubjectIdentifier
  /** The account that it is about, as in tokens; undefined where it is about a whole server. */
  readonly accountId?: string
  /** The names by which a receiver may have said that it does not want to hear of the subject. */
  readonly subjectKeys: readonly string[]
  /** The one client that is told. */
  readonly onlyClient?: string
  /** The same for all signals of one cause. */
  readonly txn: string
  /** Nothing follows about this account: it is told although the account is gone. */
  readonly isLast?: true
}

/** What is kept of a signal for one stream: everything but the signature, so that it stays the same when it is sent again. */
export type SetPayload = {
  readonly jti: string
  /** Epoch seconds. */
  readonly iat: number
  readonly txn?: string
  readonly subId: SubjectIdentifier
  readonly events: Readonly<Record<string, object>>
  readonly accountId?: string
  readonly isLast?: true
}

/** The payload for one stream: each stream has a name of its own for the event (`jti`). */
export function toPayload(signal: Signal, nowMs: number = Date.now()): SetPayload {
  const { event, members, subject, accountId, txn, isLast } = signal
  return {
    jti: randomUUID(),
    iat: Math.floor(nowMs / 1000),
    txn,
    subId: subject,
    events: { [event]: members },
    ...(accountId !== undefined && { accountId }),
    ...(isLast && { isLast }),
  }
}

export type Circumstances = {
  /** Epoch milliseconds. */
  readonly atMs: number
  readonly by: InitiatingEntity
  /** In English, for administrators. */
  readonly reason: string
}

/** The members that every event has (CAEP 1.0 §2); the reason is never empty (CAEP Interoperability Profile 1.0 §2.5). */
export function commonMembers({ atMs, by, reason }: Circumstances): Readonly<Record<string, unknown>> {
  return {
    event_timestamp: Math.floor(atMs / 1000),
    initiating_entity: by,
    reason_admin: { en: reason },
  }
}

/** Who caused a change, by the name that the audit trail has for them. */
export function initiatorOf(by: string | undefined, otherwise: InitiatingEntity): InitiatingEntity {
  if (by === undefined) return otherwise
  if (by === 'import' || /^(?:admin$|admin-token:|administrator:|agent:)/.test(by)) return 'admin'
  return 'system'
}
