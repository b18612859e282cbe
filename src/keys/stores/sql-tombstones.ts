import type { Knex } from 'knex'
import type { Tombstone } from '../key-record.ts'
import type { SigningAlgorithm } from '../signing-key.ts'

export type TombstoneRow = {
  readonly kid: string
  readonly algorithm: SigningAlgorithm
  readonly removed_at: string | number
  readonly revoked_at: string | number | null
}

/** Row to tombstone; Postgres hands out 64-bit integers as text. */
export function toTombstone({ kid, algorithm, removed_at, revoked_at }: TombstoneRow): Tombstone {
  return {
    kid,
    algorithm,
    removedAt: Number(removed_at),
    ...(revoked_at !== null && { revokedAt: Number(revoked_at) }),
  }
}

/** Writes a tombstone; a later one may add that the key was compromised, never take that back. */
export async function recordRemovedInSql(
  knex: Knex,
  { kid, algorithm, removedAt, revokedAt }: Tombstone,
): Promise<void> {
  const row = { kid, algorithm, removed_at: removedAt, revoked_at: revokedAt ?? null }
  await knex('key_tombstones')
    .insert(row)
    .onConflict('kid')
    .merge({ revoked_at: knex.raw('coalesce(key_tombstones.revoked_at, excluded.revoked_at)') })
}
