import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import { prune } from '../../src/storage/sql-pruning.ts'
import type { SupportRules } from '../../src/support-access/support-access.ts'
import { limitScopes, readReason } from '../../src/support-access/support-access.ts'
import { createSupportAccesses, SUPPORT_TABLE, type SupportNote } from '../../src/support-access/support-accesses.ts'
import { openTestDatabase } from '../support/test-database.ts'

const RULES: SupportRules = {
  isReasonRequired: false,
  isPermissionNeeded: false,
  needsSecondPerson: false,
  accessSeconds: 3600,
  allowedScopes: undefined,
  sensitiveScopes: [],
}

let database: Database
/** Grants that were ended, and whether ending works. */
let ended: string[] = []
let notes: SupportNote[] = []
let isStorageAway = false
beforeAll(async () => {
  database = await openTestDatabase()
})
beforeEach(async () => {
  await database.knex.raw('truncate support_accesses')
  ended = []
  notes = []
  isStorageAway = false
})
afterAll(() => database.close())

function accesses(keptSeconds = 86_400) {
  return createSupportAccesses({
    knex: database.knex,
    rules: RULES,
    keptSeconds,
    note: (note) => notes.push(note),
    async endGrantOf({ grantId }) {
      if (isStorageAway) throw new Error('storage is away')
      ended.push(grantId)
    },
  })
}

async function begun(service = accesses()) {
  const result = await service.begin({
    agentId: randomUUID(),
    agentEmail: 'agent@example.com',
    customerId: randomUUID(),
    clientId: 'frontend',
    resource: 'urn:vestibule:commerce',
    scopes: ['customer'],
    reason: undefined,
    isPermitted: false,
    begin: { grantId: randomUUID(), endsAt: Math.floor(Date.now() / 1000) + 3600 },
  })
  if (result.outcome !== 'begun') throw new Error(result.outcome)
  return result.access
}

test('an ending that does not take effect is not on record, and can be repeated', async () => {
  const service = accesses()
  const { id, grantId } = await begun(service)
  isStorageAway = true
  await expect(service.switchTo(false, 'admin')).rejects.toThrow('storage is away')
  expect((await service.find(id))?.endedAt).toBeUndefined()
  expect(notes.filter(({ type }) => type === 'support-access.ended')).toEqual([])
  expect(await service.readSwitch(), 'but no new one begins').toMatchObject({ isOn: false })
  isStorageAway = false
  expect(await service.switchTo(false, 'admin')).toBe(1)
  expect(ended).toEqual([grantId])
  await service.switchTo(true, 'admin')
})

test('what was stored of an access that ended meanwhile is removed, and stays ended as it was', async () => {
  const service = accesses()
  const access = await begun(service)
  await service.end(access.id, { by: 'admin', cause: 'operator' })
  expect(await service.isOpen(access.id)).toBe(false)
  await service.abandon(access)
  expect(ended).toEqual([access.grantId, access.grantId])
  expect(await service.find(access.id)).toMatchObject({ endedBy: 'admin', endCause: 'operator' })
})

test('an access whose tokens were not issued is over, and the trail says so', async () => {
  const service = accesses()
  const access = await begun(service)
  await service.abandon(access)
  expect(await service.find(access.id)).toMatchObject({ endedBy: 'server', endCause: 'not-issued' })
  expect(notes.at(-1)).toMatchObject({ type: 'support-access.ended', actor: 'server' })
})

test('off ends more than a batch', async () => {
  const service = accesses()
  for (let count = 0; count < 205; count++) await begun(service)
  expect(await service.switchTo(false, 'admin')).toBe(205)
  expect(new Set(ended).size).toBe(205)
  await service.switchTo(true, 'admin')
})

test('rows are kept as long as the trail, and no longer', async () => {
  const kept = await begun(accesses(60))
  const old = await begun(accesses(-1))
  await prune(database.knex, [SUPPORT_TABLE])
  expect(await accesses().find(kept.id)).toBeDefined()
  expect(await accesses().find(old.id)).toBeUndefined()
})

test('without the row of the switch nothing begins', async () => {
  await database.knex('support_access_switch').delete()
  await expect(begun()).rejects.toThrow('switched-off')
  await accesses().switchTo(true, 'admin')
  expect((await begun()).id).toBeDefined()
})

test.each([
  [undefined, undefined],
  ['  Ticket 1 ', 'Ticket 1'],
  ['', undefined],
  ['x'.repeat(500), 'x'.repeat(500)],
  ['x'.repeat(501), 'invalid'],
  ['half \ud800 of a pair', 'invalid'],
  ['a\u0085b', 'invalid'],
  [7, 'invalid'],
  [['a', 'b'], 'invalid'],
])('the reason %j is read as %j', (given, read) => {
  expect(readReason(given)).toBe(read)
})

test.each([
  [undefined, [], ['a', 'b'], []],
  [['a'], [], ['a'], []],
  [[], [], [], []],
  [['a', 'b'], ['b'], ['a'], ['b']],
  [undefined, ['a', 'b'], [], ['a', 'b']],
])(
  'of the scopes a and b, with the ceiling %j and the sensitive ones %j, %j are allowed',
  (allowedScopes, sensitiveScopes, allowed, sensitive) => {
    expect(limitScopes(['a', 'b'], { allowedScopes, sensitiveScopes })).toEqual({ allowed, sensitive })
  },
)
