import { chosenId } from '../customers/customer.ts'
import type { ArtifactKey, Storage, StoredArtifact } from '../storage/storage.ts'

/** Whose sign-ins a cut-off ends: one write signs out everything that was granted to them until an instant. */
export type CutOffSubject =
  | { readonly of: 'everybody' }
  | { readonly of: 'customer' | 'company-user' | 'client'; readonly id: string }

/** What a grant, session or token says about whom it belongs to. */
export type Ownership = { readonly accountId?: string; readonly clientId?: string; readonly companyUserId?: string }

export type SignOutCutOffs = ReturnType<typeof createSignOutCutOffs>

/** The stored name, which nodes of earlier releases read as well. */
const KIND = 'NotBefore'
/** Longer than any token lives (`LONGEST_TOKEN_SECONDS`): none that was issued before a cut-off outlives it. */
export const CUT_OFF_SECONDS = 400 * 24 * 3600

/** One write; `atMs` is epoch milliseconds. An earlier instant leaves a later one as it is. */
export function raiseCutOff(storage: Pick<Storage, 'raise'>, subject: CutOffSubject, atMs: number): Promise<void> {
  return storage.raise(KIND, idOf(subject), atMs, CUT_OFF_SECONDS)
}

/** "Sign out everywhere": what was granted at or before an instant is dead on its next use, on every node. */
export function createSignOutCutOffs(storage: Pick<Storage, 'getMany'>) {
  const keys = (ownership: Ownership): ArtifactKey[] =>
    subjectsOf(ownership).map((subject) => ({ kind: KIND, id: idOf(subject) }))

  return {
    /** What to read, in the same trip as the grant, to judge something owned by `ownership`. */
    keys,

    async isBefore(ownership: Ownership, grantedAtMs: number): Promise<boolean> {
      return isBeforeAny(await storage.getMany(keys(ownership)), grantedAtMs)
    },
  }
}

/** True when something granted at `grantedAtMs` falls under one of the instants read. */
export function isBeforeAny(instants: readonly (StoredArtifact | undefined)[], grantedAtMs: number): boolean {
  return instants.some((stored) => stored !== undefined && fallsUnder(grantedAtMs, Number(stored.artifact.atMs)))
}

/**
 * The rule of cut-offs, for instants of one unit, here and for whoever follows the feed of revocations: what was granted at the very instant
 * ended too. So nothing that introspection refuses is taken by a reader who knows seconds only.
 */
export function fallsUnder(grantedAt: number, cutOffAt: number): boolean {
  return grantedAt <= cutOffAt
}

/** A cut-off as those see it who know when a token was issued to the second, as its `iat` says it. */
export function cutOffSeconds(atMs: number): number {
  return Math.floor(atMs / 1000)
}

function subjectsOf({ accountId, clientId, companyUserId: choice }: Ownership): CutOffSubject[] {
  const companyUserId = chosenId(choice)
  return [
    { of: 'everybody' },
    ...(accountId ? [{ of: 'customer', id: accountId } as const] : []),
    ...(clientId ? [{ of: 'client', id: clientId } as const] : []),
    ...(companyUserId ? [{ of: 'company-user', id: companyUserId } as const] : []),
  ]
}

function idOf(subject: CutOffSubject): string {
  return subject.of === 'everybody' ? 'everybody' : `${subject.of}:${subject.id}`
}
