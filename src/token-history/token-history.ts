import type { Knex } from 'knex'
import { openWriteBehind } from '../database/write-behind.ts'
import type { Log } from '../log.ts'
import { type PrunedTable, startPruning } from '../storage/sql-pruning.ts'
import { endOf, subjectsOf, type TokenEnd } from './end-of-token.ts'
import {
  findEndings,
  findRecords,
  findRotations,
  type RecordFilter,
  type Rotation,
  type StoredRecord,
  writeHistory,
} from './history-rows.ts'
import type { TokenEnding, TokenRecord } from './token-record.ts'

/** A token on record, and how it ended if it did. */
export type RecordedToken = { readonly record: StoredRecord; readonly end?: TokenEnd }

/** Tokens that were issued, and when and why they ended, in the database whatever the storage is. */
export type TokenHistory = {
  /** Notes tokens that were issued. Never throws and never waits. */
  noteIssued(records: readonly TokenRecord[]): void
  /** Notes an ending. Never throws and never waits. */
  noteEnding(ending: TokenEnding): void
  /** Waits until everything that this node noted so far is written. */
  flush(): Promise<void>
  find(filter: RecordFilter): Promise<RecordedToken[]>
  close(): Promise<void>
}

export type TokenHistoryDeps = {
  readonly knex: Knex
  readonly log: Pick<Log, 'warn'>
  /** For how long a record is kept after its token expired; 0 keeps none. */
  readonly historyDays: number
  readonly longestTokenSeconds: number
  /** Told of every record for which there was no room: the database is away for too long. */
  readonly onLost?: () => void
}

const DAY_SECONDS = 86_400
/** Without a history nothing is written, and what there was expires at once. */
const NONE = -100 * 365 * DAY_SECONDS

/** The tables of the history, as they are pruned. */
export function historyTables(historyDays: number): readonly PrunedTable[] {
  const keptSeconds = historyDays === 0 ? NONE : historyDays * DAY_SECONDS
  return [
    { name: 'token_records', keptSeconds },
    { name: 'token_endings', keptSeconds },
  ]
}

/** Opens the history: rows go to the database in batches, and are pruned in batches. */
export function openTokenHistory(deps: TokenHistoryDeps): TokenHistory {
  const { knex, log, historyDays, longestTokenSeconds, onLost = () => {} } = deps
  const queue = openWriteBehind<TokenRecord | TokenEnding>({
    write: (batch) => writeHistory(knex, batch, longestTokenSeconds),
    onFailed: (error) => log.warn({ event: 'token-history.write-failed', err: error }),
  })
  const stopPruning = startPruning(knex, historyTables(historyDays), (error) =>
    log.warn({ event: 'token-history.prune-failed', err: error }),
  )

  function note(row: TokenRecord | TokenEnding): void {
    if (historyDays > 0 && !queue.add(row)) onLost()
  }

  return {
    noteIssued: (records) => records.forEach(note),
    noteEnding: note,
    flush: queue.flush,
    async find(filter) {
      const records = historyDays === 0 ? [] : await findRecords(knex, filter)
      return withEnds(knex, records, Date.now())
    },
    async close() {
      stopPruning()
      await queue.close()
    },
  }
}

async function withEnds(knex: Knex, records: readonly StoredRecord[], nowMs: number): Promise<RecordedToken[]> {
  if (records.length === 0) return []
  const families = records.filter(({ place }) => place !== undefined).map(({ tokenId }) => tokenId)
  const [endings, rotations] = await Promise.all([
    findEndings(knex, [...new Set(records.flatMap(subjectsOf))]),
    findRotations(knex, [...new Set(families)]),
  ])
  const byFamily = Map.groupBy(rotations, ({ family }) => family)
  return records.map((record) => {
    const rotatedAtMs = rotationOf(record, byFamily.get(record.tokenId) ?? [])
    const end = endOf(record, { endings, rotatedAtMs }, nowMs)
    return { record, ...(end && { end }) }
  })
}

function rotationOf({ place }: TokenRecord, rotations: readonly Rotation[]): number | undefined {
  if (place === undefined) return undefined
  const instants = rotations.filter(({ upToPlace }) => upToPlace >= place).map(({ atMs }) => atMs)
  return instants.length === 0 ? undefined : Math.min(...instants)
}
