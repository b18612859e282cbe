import type { Knex } from 'knex'
import { pruneFetches, writeFetches } from './fetch-rows.ts'
import type { KeyUsage } from './key-usage.ts'
import type { UsageBatch } from './usage-batch.ts'

const KEPT_SECONDS = 30 * 86_400
const PRUNE_EVERY_SECONDS = 3600

type SetRow = { kids: string[]; first_published_at: string }
type FetchRow = { verifier: string; address: string; last_fetched_at: string; kids: string[] | null }
type UsageRow = { kid: string; last_signed_at: string | null; last_seen_at: string | null }

/** Key usage as rows: one per verifier and address, one per key, one per key set. */
export function createUsageRows(knex: Knex, now: () => number) {
  let prunedAt = 0

  return {
    async write(batch: UsageBatch): Promise<void> {
      await writeSets(knex, batch)
      await writeFetches(knex, batch)
      await writeUses(knex, batch)
      if (now() - prunedAt < PRUNE_EVERY_SECONDS) return
      prunedAt = now()
      await pruneFetches(knex, now() - KEPT_SECONDS)
    },
    report: (kids: readonly string[]) => readReport(knex, kids, now() - KEPT_SECONDS),
  }
}

async function readReport(knex: Knex, kids: readonly string[], since: number): Promise<KeyUsage[]> {
  const sets: SetRow[] = await knex('key_sets').select('kids', 'first_published_at')
  const uses: UsageRow[] = await knex('key_usage').whereIn('kid', kids).select('kid', 'last_signed_at', 'last_seen_at')
  const fetches: FetchRow[] = await knex('key_set_fetches')
    .leftJoin('key_sets', 'key_sets.hash', 'key_set_fetches.hash')
    .where('last_fetched_at', '>=', since)
    .orderBy('last_fetched_at', 'desc')
    .select('verifier', 'address', 'last_fetched_at', 'kids')
  return kids.map((kid) => usageOf(kid, sets, uses, fetches))
}

function usageOf(
  kid: string,
  sets: readonly SetRow[],
  uses: readonly UsageRow[],
  fetches: readonly FetchRow[],
): KeyUsage {
  const published = sets.filter((set) => set.kids.includes(kid)).map((set) => Number(set.first_published_at))
  const use = uses.find((row) => row.kid === kid)
  const behind = fetches.filter((row) => !row.kids?.includes(kid))
  return {
    kid,
    ...(published.length > 0 && { firstPublishedAt: Math.min(...published) }),
    ...(use?.last_signed_at && { lastSignedAt: Number(use.last_signed_at) }),
    ...(use?.last_seen_at && { lastSeenAt: Number(use.last_seen_at) }),
    verifiersBehind: behind.map(({ verifier, address, last_fetched_at }) => ({
      verifier,
      address,
      lastFetchedAt: Number(last_fetched_at),
    })),
  }
}

async function writeSets(knex: Knex, { sets }: UsageBatch): Promise<void> {
  const rows = [...sets].map(([hash, { kids, at }]) => ({ hash, kids: JSON.stringify(kids), first_published_at: at }))
  if (rows.length > 0) await knex('key_sets').insert(rows).onConflict('hash').ignore()
}

async function writeUses(knex: Knex, { uses }: UsageBatch): Promise<void> {
  const rows = [...uses].map(([kid, { signed, seen, signedAt, seenAt }]) => ({
    kid,
    signed,
    seen,
    last_signed_at: signedAt ?? null,
    last_seen_at: seenAt ?? null,
  }))
  if (rows.length === 0) return
  rows.sort((a, b) => compare(a.kid, b.kid))
  await knex('key_usage')
    .insert(rows)
    .onConflict('kid')
    .merge({
      signed: knex.raw('key_usage.signed + excluded.signed'),
      seen: knex.raw('key_usage.seen + excluded.seen'),
      last_signed_at: knex.raw('greatest(key_usage.last_signed_at, excluded.last_signed_at)'),
      last_seen_at: knex.raw('greatest(key_usage.last_seen_at, excluded.last_seen_at)'),
    })
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
