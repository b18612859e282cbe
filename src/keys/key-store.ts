import type { KeyRecord, Tombstone } from './key-record.ts'

export type StoredKeys = {
  /** Keys without a tombstone. */
  readonly records: readonly KeyRecord[]
  readonly tombstones: readonly Tombstone[]
  /** Kids found in the store although a tombstone says they were removed: a backup was restored. */
  readonly ignored: readonly string[]
}

/** The store while one node holds it: what is read here does not change under the reader. */
export type HeldKeys = StoredKeys & {
  /** Epoch seconds on the clock that all nodes of this store share. */
  readonly now: number
  /** Adds the key, or replaces the one with its kid. */
  save(record: KeyRecord): Promise<void>
  /** Removes the key for good and leaves the tombstone. */
  remove(tombstone: Tombstone): Promise<void>
}

/** Where signing keys are kept. One backend is one file in this folder; all pass the same contract tests. */
export interface KeyStore {
  /** @throws {KeyStoreError} when the store cannot be read, or KEY_ENCRYPTION_KEY does not open a key. */
  load(): Promise<StoredKeys>
  /** Changes whenever `load` would answer differently; cheap enough to ask every second. */
  version(): Promise<string>
  /**
   * Runs `work` while no other node or process can. A crash half-way leaves a prefix of its writes (files) or none
   * of them (SQL), so writes must be ordered such that every prefix is a usable key set.
   */
  exclusively<Result>(work: (held: HeldKeys) => Promise<Result>): Promise<Result>
  close(): Promise<void>
}

/** A key store that cannot be used, said in one sentence that names the setting and the fix. */
export class KeyStoreError extends Error {}

/** Separates the keys of a store from those that a tombstone removed. */
export function withoutRemoved(records: readonly KeyRecord[], tombstones: readonly Tombstone[]): StoredKeys {
  const removed = new Set(tombstones.map((tombstone) => tombstone.kid))
  return {
    records: records.filter((record) => !removed.has(record.kid)),
    tombstones,
    ignored: records.filter((record) => removed.has(record.kid)).map((record) => record.kid),
  }
}
