import type { Knex } from 'knex'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type AuditEntry, linkHash } from '../../src/audit/chain.ts'
import { pruneEntries } from '../../src/audit/retention.ts'
import { type AuditTrail, openAuditTrail } from '../../src/audit/trail.ts'
import type { Database } from '../../src/database/database.ts'
import { openDatabase } from '../../src/database/index.ts'
import { copyTemplate } from '../support/embedded-template.ts'

let database: Database
let knex: Knex
let emptyHead: object
let trail: AuditTrail
const written: AuditEntry[] = []

/** Embedded, because that is one connection, whose triggers can be off. */
beforeAll(async () => {
  database = await openDatabase({ DATA_DIR: await copyTemplate('migrated') })
  knex = database.knex
  emptyHead = await knex('audit_head').first()
})
afterAll(() => database.close())

/** Triggers are off: this is somebody who owns the database. */
beforeEach(async () => {
  written.length = 0
  await knex.raw('set session_replication_role = replica')
  await knex('audit_entries').truncate()
  await knex('audit_head').update(emptyHead)
  await knex.raw('set session_replication_role = origin')
  trail = openAuditTrail({
    knex,
    log: { info() {}, warn() {} },
    retentionDays: 30,
    onWritten: (entries) => written.push(...entries),
  })
  await append(10)
  await knex.raw('set session_replication_role = replica')
})
afterEach(() => trail.close())

async function append(count: number): Promise<void> {
  for (let index = 0; index < count; index++) trail.append({ type: 'login.succeeded', customerId: `c${index}` })
  await trail.flush()
}

const rowAt = (seq: number) => knex('audit_entries').where({ seq })
const witnessAt = (seq: number) => {
  const { hash } = written.find((entry) => entry.seq === seq) as AuditEntry
  return { seq, hash }
}

/** What somebody with the database and our source can do: compute every hash from `seq` on, and the head. */
async function makeAnewFrom(seq: number): Promise<void> {
  const before = await rowAt(seq - 1).first()
  let hash = before.hash as string
  let last = seq - 1
  for (const row of await knex('audit_entries').where('seq', '>=', seq).orderBy('seq')) {
    const event = { type: row.type, ...(row.customer_id && { customerId: row.customer_id }) }
    last += 1
    hash = linkHash(hash, last, row.at.toISOString(), event)
    await rowAt(Number(row.seq)).update({ seq: last, hash })
  }
  await knex('audit_head').update({ seq: last, hash })
}

test('a chain that nobody touched is whole, also past a witness', async () => {
  expect(await trail.verify()).toMatchObject({ entries: 10 })
  expect((await trail.verify(witnessAt(7))).problem).toBeUndefined()
  expect((await trail.verify(await trail.head())).problem).toBeUndefined()
})

test('the database itself refuses to change an entry, whoever asks in the ordinary way', async () => {
  await knex.raw('set session_replication_role = origin')
  await expect(rowAt(4).update({ reason: 'another' })).rejects.toThrow('audit entries are never changed')
  await expect(knex('audit_entries').truncate()).rejects.toThrow('audit entries are never changed')
  expect((await trail.verify()).problem).toBeUndefined()
})

test('two entries that changed places are found', async () => {
  const [fourth, fifth] = [await rowAt(4).first(), await rowAt(5).first()]
  await rowAt(4).delete()
  await rowAt(5).update({ ...fourth, seq: 5 })
  await knex('audit_entries').insert({ ...fifth, seq: 4 })
  expect((await trail.verify()).problem).toEqual({ seq: 4, problem: 'changed' })
})

test('an entry that was put in between is found', async () => {
  const fourth = await rowAt(4).first()
  for (let seq = 10; seq >= 5; seq--) await rowAt(seq).update({ seq: seq + 1 })
  await knex('audit_entries').insert({ ...fourth, seq: 5 })
  await knex('audit_head').update({ seq: 11 })
  expect((await trail.verify()).problem).toEqual({ seq: 5, problem: 'changed' })
})

test('an entry that was put behind the end is found', async () => {
  const last = await rowAt(10).first()
  await knex('audit_entries').insert({ ...last, seq: 11 })
  expect((await trail.verify()).problem).toEqual({ seq: 11, problem: 'inserted' })
})

test('an end that was cut off together with the head is found by a witness', async () => {
  const witness = witnessAt(10)
  const last = await rowAt(6).first()
  await knex('audit_entries').where('seq', '>', 6).delete()
  await knex('audit_head').update({ seq: 6, hash: last.hash })
  expect((await trail.verify()).problem).toBeUndefined()
  expect((await trail.verify(witness)).problem).toEqual({ problem: 'cut off' })
})

test('a chain that was computed anew is found by a witness', async () => {
  const witness = witnessAt(9)
  await rowAt(4).update({ customer_id: 'somebody else' })
  await makeAnewFrom(4)
  expect((await trail.verify()).problem).toBeUndefined()
  expect((await trail.verify(witness)).problem).toEqual({ seq: 9, problem: 'rewritten' })
})

test('an entry that was taken out of a chain computed anew is found by a witness', async () => {
  const witness = witnessAt(10)
  await rowAt(4).delete()
  await makeAnewFrom(5).catch(() => {})
  expect((await trail.verify(witness)).problem).toBeDefined()
})

test('a beginning that somebody removed is found, though the head says where the chain starts', async () => {
  const fourth = await rowAt(4).first()
  await knex('audit_entries').where('seq', '<=', 4).delete()
  await knex('audit_head').update({ kept_after_seq: 4, kept_after_hash: fourth.hash })
  expect((await trail.verify()).problem).toEqual({ problem: 'beginning removed' })
})

test('a beginning that the retention removed is no problem, and the trail says how much went', async () => {
  // An entry's time is part of its hash: the old ones are appended as they would have been a year ago.
  await knex('audit_entries').delete()
  await knex('audit_head').update({ seq: 0, hash: 'vestibule audit' })
  const old = '2020-01-01T00:00:00.000Z'
  let hash = 'vestibule audit'
  for (let seq = 1; seq <= 3; seq++) {
    hash = linkHash(hash, seq, old, { type: 'logout' })
    await knex('audit_entries').insert({ seq, at: old, type: 'logout', hash })
  }
  await knex('audit_head').update({ seq: 3, hash })
  await append(2)
  const [, , third] = await Promise.all([1, 2, 3].map((seq) => rowAt(seq).first()))

  await trail.prune()
  expect(await trail.verify()).toMatchObject({ entries: 3 })
  expect((await trail.verify()).problem).toBeUndefined()
  const [newest] = await trail.find({ limit: 1 })
  expect(newest).toMatchObject({ type: 'audit.pruned', actor: 'server', reason: '3 entries, up to 3' })
  expect((await trail.verify({ seq: 3, hash: third.hash })).problem).toBeUndefined()
  expect((await trail.verify({ seq: 2, hash: 'whatever' })).problem).toEqual({ seq: 2, problem: 'witness too old' })
})

test('what happens while the database is away is written when it is back', async () => {
  await knex.schema.renameTable('audit_head', 'audit_head_away')
  trail.append({ type: 'logout', customerId: 'while away' })
  await trail.flush()
  expect(trail.waiting()).toBe(1)
  await knex.schema.renameTable('audit_head_away', 'audit_head')
  await trail.flush()
  expect(trail.waiting()).toBe(0)
  expect(await trail.find({ limit: 1 })).toMatchObject([{ customerId: 'while away' }])
})

test('a long retention that is shortened removes entries a batch at a time, each told of in the chain', async () => {
  const later = new Date(Date.now() + 60_000).toISOString()
  const told: AuditEntry[] = []
  for (let batch = 0; batch < 3; batch++) told.push(...(await pruneEntries(knex, later, 4)))
  expect(told.map(({ reason }) => reason)).toEqual(['4 entries, up to 4', '4 entries, up to 8', '4 entries, up to 12'])
  expect((await trail.verify()).problem).toBeUndefined()
})

test('what there is no room for while the database is away is counted, and the trail has the number', async () => {
  let lost = 0
  const small = openAuditTrail({ knex, log: { info() {}, warn() {} }, retentionDays: 30, onLost: () => lost++ })
  for (let index = 0; index < 20_050; index++) small.append({ type: 'logout' })
  expect([small.waiting(), lost]).toEqual([20_000, 50])
  await small.flush()
  small.append({ type: 'logout' })
  await small.flush()
  expect(await small.find({ types: ['audit.gap'] })).toMatchObject([{ actor: 'server', reason: '50 entries' }])
  expect((await small.verify()).problem).toBeUndefined()
  await small.close()
})
