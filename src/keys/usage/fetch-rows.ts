import type { Knex } from 'knex'
import { networkOf } from '../../credentials/ip-network.ts'
import { MOST_PER_NETWORK, OTHERS, type UsageBatch } from './usage-batch.ts'

const MOST_ROWS = 10_000
const ROWS_PER_STATEMENT = 500

type Fetch = UsageBatch['fetches'] extends Map<string, infer Value> ? Value : never

/**
 * Writes who fetched which key set. Verifiers with a row keep it; new ones get one while there is room in the table and for
 * their network, and are counted together otherwise: a stranger with invented names pushes no verifier out.
 */
export async function writeFetches(knex: Knex, { fetches }: UsageBatch): Promise<void> {
  const rows = (await admitted(knex, [...fetches.values()])).map(({ verifier, address, hash, at, count }) => ({
    verifier,
    address,
    hash,
    last_fetched_at: at,
    fetches: count,
  }))
  // Nodes write in one order, or two batches that name the same verifiers could wait for each other.
  rows.sort((a, b) => compare(a.verifier, b.verifier) || compare(a.address, b.address))
  for (const part of parts(rows)) {
    await knex('key_set_fetches')
      .insert(part)
      .onConflict(['verifier', 'address'])
      .merge({
        hash: knex.raw('excluded.hash'),
        last_fetched_at: knex.raw('greatest(key_set_fetches.last_fetched_at, excluded.last_fetched_at)'),
        fetches: knex.raw('key_set_fetches.fetches + excluded.fetches'),
      })
  }
}

/** Removes the rows of verifiers that have not come since `before`, epoch seconds. */
export async function pruneFetches(knex: Knex, before: number): Promise<void> {
  await knex('key_set_fetches').where('last_fetched_at', '<', before).delete()
}

async function admitted(knex: Knex, fetches: readonly Fetch[]): Promise<Fetch[]> {
  const known = await knownAmong(knex, fetches)
  const added = fetches.filter((fetch) => fetch.verifier !== OTHERS && !known.has(nameOf(fetch)))
  if (added.length === 0) return [...fetches]
  const rowsOf = await rowsByNetwork(knex)
  let room = MOST_ROWS - [...rowsOf.values()].reduce((sum, rows) => sum + rows, 0)
  const named = fetches.map((fetch): Fetch => {
    if (fetch.verifier === OTHERS || known.has(nameOf(fetch))) return fetch
    const network = networkOf(fetch.address)
    const rows = rowsOf.get(network) ?? 0
    if (room <= 0) return { ...fetch, verifier: OTHERS, address: OTHERS }
    if (rows >= MOST_PER_NETWORK) return { ...fetch, verifier: OTHERS, address: network }
    rowsOf.set(network, rows + 1)
    room -= 1
    return fetch
  })
  return merged(named)
}

async function knownAmong(knex: Knex, fetches: readonly Fetch[]): Promise<Set<string>> {
  const known = new Set<string>()
  for (const part of parts(fetches)) {
    const pairs = part.map(({ verifier, address }) => [verifier, address])
    const rows: Fetch[] = await knex('key_set_fetches')
      .whereIn(['verifier', 'address'], pairs)
      .select('verifier', 'address')
    for (const row of rows) known.add(nameOf(row))
  }
  return known
}

async function rowsByNetwork(knex: Knex): Promise<Map<string, number>> {
  const rows: { address: string; count: string | number }[] = await knex('key_set_fetches')
    .groupBy('address')
    .select('address')
    .count('* as count')
  const byNetwork = new Map<string, number>()
  for (const { address, count } of rows) {
    const network = networkOf(address)
    byNetwork.set(network, (byNetwork.get(network) ?? 0) + Number(count))
  }
  return byNetwork
}

/** One row may not be written twice in a statement. */
function merged(fetches: readonly Fetch[]): Fetch[] {
  const byName = new Map<string, Fetch>()
  for (const fetch of fetches) {
    const other = byName.get(nameOf(fetch))
    const newest = other && other.at > fetch.at ? other : fetch
    byName.set(nameOf(fetch), { ...newest, count: fetch.count + (other?.count ?? 0) })
  }
  return [...byName.values()]
}

function* parts<Item>(items: readonly Item[]): Generator<Item[]> {
  for (let start = 0; start < items.length; start += ROWS_PER_STATEMENT)
    yield items.slice(start, start + ROWS_PER_STATEMENT)
}

function nameOf({ verifier, address }: Pick<Fetch, 'verifier' | 'address'>): string {
  return JSON.stringify([verifier, address])
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
