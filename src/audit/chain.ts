import { hash } from 'node:crypto'
import type { AuditEvent, AuditOutcome } from './events.ts'

/** An event as it is kept: in its place, with the hash that ties it to all before it. */
export type AuditEntry = AuditEvent & {
  readonly seq: number
  /** ISO 8601, in milliseconds. */
  readonly at: string
  /** Follows from the type, and is not hashed. */
  readonly outcome: AuditOutcome
  readonly hash: string
}

/** A place in the chain and the hash there: who holds one knows whether all before it is as it was. */
export type Link = { readonly seq: number; readonly hash: string }

export type ChainProblem =
  | { readonly seq: number; readonly problem: 'changed' }
  /** `upTo` is there when several in a row are missing. */
  | { readonly seq: number; readonly upTo?: number; readonly problem: 'missing' }

/** What the first entry of all is tied to. */
export const GENESIS: Link = { seq: 0, hash: 'vestibule audit' }

const FIELDS = ['type', 'actor', 'customerId', 'clientId', 'grantId', 'ip', 'requestId', 'reason'] as const

/** The hash of an entry over its own content and the hash before it: a change anywhere breaks all that follows. */
export function linkHash(previousHash: string, seq: number, at: string, event: AuditEvent): string {
  const fields = FIELDS.map((field) => event[field] ?? null)
  // Entries from before there was one, and those without one, are hashed as they always were.
  const added = event.signIn === undefined ? [] : [event.signIn]
  const content = [previousHash, seq, at, ...fields, ...added]
  return hash('sha256', JSON.stringify(content), 'base64url')
}

/** Follows the chain over `entries`, in order; after one that does not fit it goes on from the hash that is there. */
export function createChainCheck(start: Link) {
  let last = start
  return function check(entry: AuditEntry): ChainProblem | undefined {
    const { seq: lastSeq, hash: lastHash } = last
    last = { seq: entry.seq, hash: entry.hash }
    if (entry.seq > lastSeq + 1) {
      const upTo = entry.seq - 1
      return { seq: lastSeq + 1, ...(upTo > lastSeq + 1 && { upTo }), problem: 'missing' }
    }
    const fits = linkHash(lastHash, entry.seq, entry.at, entry) === entry.hash
    return fits ? undefined : { seq: entry.seq, problem: 'changed' }
  }
}
