/** A JSON object the server keeps for a while: a grant, a code, a refresh token, a revoked. */
export type Artifact = Readonly<Record<string, unknown>>

export type StoredArtifact = {
  readonly artifact: Artifact
  /** Counts up with each `swap`; an artifact that was only `put` has version 0. */
  readonly version: number
  /** Epoch seconds of the one successful `consume`. */
  readonly consumedAt?: number
}

export type ArtifactKey = { readonly kind: string; readonly id: string }

export type Receipt = {
  readonly body: string
  readonly ttlSeconds: number
}

/**
 * Everything short-lived the server keeps. One backend is one file in this folder. Ids are hashed before they
 * are stored (SHA-256), so a dump holds no bearer value. An expired artifact is never returned. What cannot be
 * answered in time, or at all, is an `Unavailable`.
 */
export interface Storage {
  put(kind: string, id: string, artifact: Artifact, ttlSeconds: number): Promise<void>
  /** Stores only where nothing is stored yet. True for exactly one caller, however many race. */
  putOnce(kind: string, id: string, artifact: Artifact, ttlSeconds: number): Promise<boolean>
  get(kind: string, id: string): Promise<StoredArtifact | undefined>
  /** Reads several artifacts in one trip, in the order asked for. */
  getMany(keys: readonly ArtifactKey[]): Promise<(StoredArtifact | undefined)[]>
  /** Reads by a second name given in the artifact: a session's `uid`, a device code's `userCode`. */
  findBy(kind: string, index: StorageIndex, value: string): Promise<StoredArtifact | undefined>
  /**
   * A part of what there is of a kind, in an order of the backend's own: at most `limit` artifacts after the place where
   * another part ended. What is there all the while is in one of the parts, once.
   */
  list(kind: ListedKind, part: { readonly limit: number; readonly after?: string }): Promise<ListedArtifacts>
  /** Marks the artifact used and keeps its expiry. True for exactly one caller, however many race. */
  consume(kind: string, id: string): Promise<boolean>
  /**
   * Replaces the artifact if it still has version `expected`, and raises the version by one. The receipt, readable
   * by `receipt` until its own expiry, is written in the same step: the loser can read what the winner wrote.
   * True for exactly one caller, however many race.
   */
  swap(
    kind: string,
    id: string,
    expected: number,
    next: { artifact: Artifact; ttlSeconds: number; receipt?: Receipt },
  ): Promise<boolean>
  receipt(kind: string, id: string): Promise<string | undefined>
  /** Lengthens an artifact's life to `ttlSeconds` from now; never shortens it, never revives an expired one. */
  extend(kind: string, id: string, ttlSeconds: number): Promise<void>
  remove(kind: string, id: string): Promise<void>
  /**
   * Keeps the latest of several instants: stores `{ atMs }` (epoch milliseconds) unless an instant as late or later is
   * stored, and lengthens its life to `ttlSeconds` from now. However many race, in whatever order, neither the instant
   * nor the end of its life ever moves backwards.
   */
  raise(kind: string, id: string, atMs: number, ttlSeconds: number): Promise<void>
  /**
   * Adds `by` (1 unless given) to a counter that starts anew `windowSeconds` after its first count; returns the new
   * count. A negative `by` gives counts back and never takes the counter below zero; at zero it is forgotten, so that
   * the next count starts a window.
   */
  increment(key: string, windowSeconds: number, by?: number): Promise<number>
  /**
   * Tells every node, and what it is about: a short text, empty unless given. Best effort: a listener must also look by
   * itself now and then.
   */
  publish(topic: string, about?: string): Promise<void>
  subscribe(topic: string, listener: (about: string) => void): void
  /**
   * Whether what one caller asks for is carried out in the order it was asked in, without waiting for the answers between.
   * Where connections or servers are several it is not.
   */
  readonly keepsOrder: boolean
  /** Into how many parts that can each lose their memory alone the backend spreads what it keeps. */
  readonly partitions: number
  /**
   * Has `check` look at what came back after the connection was lost, before anything else is answered; `check` is
   * given a storage that answers it.
   */
  onReturn(check: (storage: Storage) => Promise<void>): void
  /** @throws when the backend does not answer. */
  ping(): Promise<void>
  close(): Promise<void>
}

/** A part of a list; `next` is the place it ended at, and absent at the end of the list. It may be empty before that. */
export type ListedArtifacts = { readonly found: readonly StoredArtifact[]; readonly next?: string }

/** The kinds that can be listed. Redis keeps the places of 10,000 of each, those that end last. */
export const LISTED_KINDS = ['LockoutBlock', 'UnloggedEnding'] as const
export type ListedKind = (typeof LISTED_KINDS)[number]

export type StorageIndex = 'uid' | 'userCode'

/** The second names an artifact can be found by. */
export const STORAGE_INDEXES: readonly StorageIndex[] = ['uid', 'userCode']

/** A storage that cannot be used, said in one sentence that names the setting and the fix. */
export class StorageError extends Error {}
