import { hashId } from './hash-id.ts'
import { createLocalTopics } from './local-topics.ts'
import type { Artifact, Receipt, Storage, StorageIndex, StoredArtifact } from './storage.ts'

type Entry = {
  artifact: Artifact
  version: number
  consumedAt?: number
  expiresAt: number
  receipt?: { body: string; expiresAt: number }
}

/** Keeps everything in this process: for tests, and the measure the other backends are held to. */
export function createMemoryStorage(now: () => number = () => Date.now() / 1000): Storage {
  const entries = new Map<string, Entry>()
  const counters = new Map<string, { count: number; expiresAt: number }>()

  const keyOf = (kind: string, id: string) => `${kind}:${hashId(id)}`
  const unexpired = (key: string): Entry | undefined => {
    const entry = entries.get(key)
    if (entry && entry.expiresAt > now()) return entry
    entries.delete(key)
    return undefined
  }
  const toStored = (entry: Entry | undefined): StoredArtifact | undefined =>
    entry && {
      artifact: structuredClone(entry.artifact),
      version: entry.version,
      ...(entry.consumedAt !== undefined && { consumedAt: entry.consumedAt }),
    }
  const set = (key: string, artifact: Artifact, ttlSeconds: number) => {
    // Last in the order of entries, so that a second name leads to the newest that has it.
    entries.delete(key)
    entries.set(key, { artifact: structuredClone(artifact), version: 0, expiresAt: now() + ttlSeconds })
  }

  return {
    async put(kind, id, artifact, ttlSeconds) {
      set(keyOf(kind, id), artifact, ttlSeconds)
    },
    async putOnce(kind, id, artifact, ttlSeconds) {
      const key = keyOf(kind, id)
      if (unexpired(key)) return false
      set(key, artifact, ttlSeconds)
      return true
    },
    get: async (kind, id) => toStored(unexpired(keyOf(kind, id))),
    getMany: async (keys) => keys.map(({ kind, id }) => toStored(unexpired(keyOf(kind, id)))),
    async findBy(kind: string, index: StorageIndex, value: string) {
      for (const [key, entry] of [...entries].reverse()) {
        if (key.startsWith(`${kind}:`) && entry.artifact[index] === value) return toStored(unexpired(key))
      }
      return undefined
    },
    async list(kind, { limit, after = '' }) {
      const keys = [...entries.keys()]
        .filter((key) => key.startsWith(`${kind}:`) && key > after && unexpired(key))
        .sort()
      const part = keys.slice(0, limit)
      return {
        found: part.map((key) => toStored(unexpired(key))).filter((stored) => stored !== undefined),
        ...(keys.length > limit && { next: part.at(-1) ?? after }),
      }
    },
    async consume(kind, id) {
      const entry = unexpired(keyOf(kind, id))
      if (!entry || entry.consumedAt !== undefined) return false
      entry.consumedAt = Math.floor(now())
      return true
    },
    async swap(kind, id, expected, next: { artifact: Artifact; ttlSeconds: number; receipt?: Receipt }) {
      const entry = unexpired(keyOf(kind, id))
      if (!entry || entry.version !== expected) return false
      entry.artifact = structuredClone(next.artifact)
      entry.version = expected + 1
      entry.expiresAt = now() + next.ttlSeconds
      delete entry.receipt
      if (next.receipt) entry.receipt = { body: next.receipt.body, expiresAt: now() + next.receipt.ttlSeconds }
      return true
    },
    async receipt(kind, id) {
      const receipt = unexpired(keyOf(kind, id))?.receipt
      return receipt && receipt.expiresAt > now() ? receipt.body : undefined
    },
    async extend(kind, id, ttlSeconds) {
      const entry = unexpired(keyOf(kind, id))
      if (entry) entry.expiresAt = Math.max(entry.expiresAt, now() + ttlSeconds)
    },
    async remove(kind, id) {
      entries.delete(keyOf(kind, id))
    },
    async raise(kind, id, atMs, ttlSeconds) {
      const key = keyOf(kind, id)
      const entry = unexpired(key)
      const expiresAt = Math.max(entry?.expiresAt ?? 0, now() + ttlSeconds)
      if (entry && Number(entry.artifact.atMs) >= atMs) entry.expiresAt = expiresAt
      else set(key, { atMs }, expiresAt - now())
    },
    async increment(key, windowSeconds, by = 1) {
      const counter = counters.get(key)
      const isCurrent = counter !== undefined && counter.expiresAt > now()
      const count = Math.max(0, (isCurrent ? counter.count : 0) + by)
      if (count === 0) counters.delete(key)
      else counters.set(key, { count, expiresAt: isCurrent ? counter.expiresAt : now() + windowSeconds })
      return count
    },
    ...createLocalTopics(),
    keepsOrder: true,
    partitions: 1,
    onReturn: () => {},
    ping: async () => {},
    close: async () => {},
  }
}
