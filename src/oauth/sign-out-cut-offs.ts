import type { ArtifactKey, Storage, StoredArtifact } from '../storage/storage.ts'

/** Whom a not-before instant is for: one write signs out everything that was granted to them before it. */
export type CutOffSubject =
  | { readonly of: 'everybody' }
  | { readonly of: 'customer' | 'company-user' | 'client'; readonly id: string }

/** What a grant, session or token says about whom it belongs to. */
export type Ownership = { readonly accountId?: string; readonly clientId?: string; readonly companyUserId?: string }

export type SignOutCutOffs = ReturnType<typeof createSignOutCutOffs>

const KIND = 'NotBefore'
/** Longer than anything that was issued before the instant can live. */
const TTL_SECONDS = 400 * 24 * 3600

/** "Sign out everywhere": what was granted at or before an instant is dead on its next use, on every node. */
export function createSignOutCutOffs(storage: Storage) {
  return {
    /** One write; `atMs` is epoch milliseconds. */
    async set(subject: CutOffSubject, atMs: number): Promise<void> {
      await storage.put(KIND, idOf(subject), { atMs }, TTL_SECONDS)
    },

    /** What to read, in the same trip as the grant, to judge something owned by `ownership`. */
    keys: (ownership: Ownership): ArtifactKey[] =>
      subjectsOf(ownership).map((subject) => ({ kind: KIND, id: idOf(subject) })),

    async isBefore(ownership: Ownership, grantedAtMs: number): Promise<boolean> {
      return isBeforeAny(await storage.getMany(this.keys(ownership)), grantedAtMs)
    },
  }
}

/** True when something granted at `grantedAtMs` falls under one of the instants read. */
export function isBeforeAny(instants: readonly (StoredArtifact | undefined)[], grantedAtMs: number): boolean {
  return instants.some((stored) => stored !== undefined && grantedAtMs <= Number(stored.artifact.atMs))
}

function subjectsOf({ accountId, clientId, companyUserId }: Ownership): CutOffSubject[] {
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
