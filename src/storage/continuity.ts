import type { Knex } from 'knex'
import type { ArtifactKey, Storage } from './storage.ts'

const KIND = 'Continuity'
const ROW = 'storage'
const TICK_MS = 2000
/** What a server may lose by its own durability when it dies: a second of its log, the lag of a replica. */
const TOLERATED_MS = 5000
const TTL_SECONDS = 400 * 24 * 3600

export type ContinuityDeps = {
  readonly storage: Storage
  readonly knex: Knex
  /** Called with the storage that lost its memory, before anything else is answered: what was granted is in doubt. */
  readonly onLost: (storage: Storage) => Promise<void>
  readonly onError: (error: unknown) => void
}

/**
 * Notices that storage lost its memory: that it is empty, or an old snapshot in which revoked grants live again. A
 * mark in it is brought forward every two seconds, and the database remembers how far; a mark that is missing, or
 * behind by more than what may get lost in a crash, is a storage that went back in time.
 */
export async function openContinuity({ storage, knex, onLost, onError }: ContinuityDeps) {
  const keys: ArtifactKey[] = Array.from({ length: storage.partitions }, (_, part) => ({ kind: KIND, id: `${part}` }))
  let knownMs = await readMark(knex)

  async function look(at: Storage): Promise<void> {
    // Before reading: a look beside this one may bring the marks forward after this one has read them.
    const expectedMs = knownMs
    const marks = (await at.getMany(keys)).map((stored) => Number(stored?.artifact.atMs ?? 0))
    // Another node may have seen more than this one.
    if (Math.min(...marks) < expectedMs - TOLERATED_MS) await onLost(at)
    const atMs = Math.max(Date.now(), knownMs, ...marks)
    await Promise.all(keys.map(({ kind, id }) => at.put(kind, id, { atMs }, TTL_SECONDS)))
    knownMs = Math.max(knownMs, atMs)
  }

  await look(storage)
  await writeMark(knex, knownMs)
  storage.onReturn(look)
  const timer = setInterval(async () => {
    try {
      await look(storage)
      await writeMark(knex, knownMs)
    } catch (error) {
      onError(error)
    }
  }, TICK_MS)
  timer.unref()
  return { close: async () => clearInterval(timer) }
}

async function readMark(knex: Knex): Promise<number> {
  const row = await knex<{ name: string; at_ms: string }>('storage_marks').where({ name: ROW }).first()
  return Number(row?.at_ms ?? 0)
}

/** One of many nodes writes: those that come within the same second leave it. */
async function writeMark(knex: Knex, atMs: number): Promise<void> {
  await knex.raw(
    `insert into storage_marks (name, at_ms) values (?, ?)
     on conflict (name) do update set at_ms = excluded.at_ms where storage_marks.at_ms < excluded.at_ms - 1000`,
    [ROW, atMs],
  )
}
