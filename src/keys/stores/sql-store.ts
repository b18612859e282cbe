import type { Knex } from 'knex'
import type { KeyRecord, Tombstone } from '../key-record.ts'
import { type KeyStore, type StoredKeys, withoutRemoved } from '../key-store.ts'
import { readKeyDocument, writeKeyDocument } from './key-document.ts'
import type { Protector } from './protector.ts'
import { recordRemovedInSql, toTombstone } from './sql-tombstones.ts'

export type SqlStoreDeps = {
  readonly knex: Knex
  readonly protector: Protector
  /** Epoch seconds; absent: the clock of the database, which is the same for all nodes. */
  readonly now?: (() => number) | undefined
}

/**
 * Keys as rows, for several nodes. The row of `key_set_version` is the lock: a change is one transaction that holds
 * it, so that of two nodes the second plans on what the first has written.
 */
export function openSqlKeyStore({ knex, protector, now }: SqlStoreDeps): KeyStore {
  return {
    // One snapshot for both tables: a rotation is seen whole or not at all.
    load: () =>
      knex.transaction((trx) => readAll(trx, protector), { isolationLevel: 'repeatable read', readOnly: true }),
    async version() {
      const row: { version: string } | undefined = await knex('key_set_version').first('version')
      return row?.version ?? ''
    },
    exclusively: (work) =>
      knex.transaction(async (trx) => {
        await trx('key_set_version').forUpdate().first('version')
        let isChanged = false
        const result = await work({
          ...(await readAll(trx, protector)),
          now: now?.() ?? (await databaseClock(trx)),
          async save(record) {
            isChanged = true
            await saveRow(trx, record, protector)
          },
          async remove(tombstone) {
            isChanged = true
            await recordRemovedRow(trx, tombstone)
          },
        })
        if (isChanged) await trx('key_set_version').update({ version: knex.raw('gen_random_uuid()') })
        return result
      }),
    close: async () => {},
  }
}

async function readAll(trx: Knex, protector: Protector): Promise<StoredKeys> {
  const rows: { kid: string; document: string }[] = await trx('signing_keys').select('kid', trx.raw('document::text'))
  const tombstones = (await trx('key_tombstones').select()).map(toTombstone)
  const removed = new Set(tombstones.map((tombstone) => tombstone.kid))
  const kept = rows.filter((row) => !removed.has(row.kid))
  const records = await Promise.all(
    kept.map(({ kid, document }) => readKeyDocument(document, `Row ${kid} of signing_keys`, protector)),
  )
  return {
    ...withoutRemoved(records, tombstones),
    ignored: rows.filter((row) => removed.has(row.kid)).map((row) => row.kid),
  }
}

async function saveRow(trx: Knex, record: KeyRecord, protector: Protector): Promise<void> {
  const row = { kid: record.kid, document: writeKeyDocument(record, protector) }
  await trx('signing_keys').insert(row).onConflict('kid').merge()
}

async function recordRemovedRow(trx: Knex, tombstone: Tombstone): Promise<void> {
  await recordRemovedInSql(trx, tombstone)
  await trx('signing_keys').where({ kid: tombstone.kid }).delete()
}

async function databaseClock(trx: Knex): Promise<number> {
  const row = await trx.first(trx.raw('floor(extract(epoch from clock_timestamp()))::bigint as now'))
  return Number((row as { now: string }).now) // the column that was selected
}
