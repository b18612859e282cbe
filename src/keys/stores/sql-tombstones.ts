import type { Knex } from 'knex'
import type { PublicJwk, Tombstone } from '../key-record.ts'
import type { SigningAlgorithm } from '../signing-key.ts'

export type TombstoneRow = {
  readonly kid: string
  readonly algorithm: SigningAlgorithm
  readonly removed_at: string | number
  readonly revoked_at: string | number | null
  readonly public_jwk: PublicJwk | null
}

/** Row to tombstone; Postgres hands out 64-bit integers as text. */
export function toTombstone({ kid, algorithm, removed_at, revoked_at, public_jwk }: TombstoneRow): Tombstone {
  return {
    kid,
    algorithm,
    removedAt: Number(removed_at),
    ...(revoked_at !== null && { revokedAt: Number(revoked_at) }),
    ...(public_jwk && { publicJwk: public_jwk }),
  }
}

/** Writes a tombstone; a later one may add that the key was compromised, never take that back. */
export async function recordRemovedInSql(
  knex: Knex,
  { kid, algorithm, removedAt, revokedAt, publicJwk }: Tombstone,
): Promise<void> {
  const row = {
    kid,
    algorithm,
    removed_at: removedAt,
    revoked_at: revokedAt ?? null,
    public_jwk: publicJwk ? JSON.stringify(publicJwk) : null,
  }
  const revoked = 'coalesce(key_tombstones.revoked_at, excluded.revoked_at)'
  const kept = 'coalesce(key_tombstones.public_jwk, excluded.public_jwk)'
  await knex('key_tombstones')
    .insert(row)
    .onConflict('kid')
    .merge({
      revoked_at: knex.raw(revoked),
      public_jwk: knex.raw(`case when ${revoked} is null then ${kept} end`),
    })
}
