import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import { type EndingLog, type EndingLogDeps, openEndingLog } from '../../src/sign-in-endings/ending-log.ts'
import type { LoggedEnding } from '../../src/sign-in-endings/ending-rows.ts'
import { openRepair, type RepairDeps } from '../../src/sign-in-endings/repair.ts'
import { createUnlogged } from '../../src/sign-in-endings/unlogged.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { onBothDatabases } from '../support/both-databases.ts'
import { waitFor } from '../support/wait-for.ts'

const log = { warn() {} } as unknown as EndingLogDeps['log']
const sealKeys = ['a secret of this test'] as const
const AN_HOUR = 3600
const grant = (grantId: string) => ({ what: 'grant', why: 'sign-out', grantId, accountId: 'anna' }) as const

onBothDatabases('the log of endings', (open) => {
  let database: Database
  let second: Database
  let first: EndingLog
  let other: EndingLog
  beforeAll(async () => {
    const opened = await open()
    database = opened.database
    second = await opened.other()
    first = openLog(database)
    other = openLog(second)
  })
  afterAll(async () => {
    await first?.close()
    await other?.close()
    await second?.close()
    await database?.close()
  })

  function openLog(
    on: Database,
    keepUnlogged: EndingLogDeps['keepUnlogged'] = () => Promise.reject(new Error('away')),
  ) {
    const longestTokenSeconds = () => AN_HOUR
    return openEndingLog({ database: on, log, sealKeys, keepUnlogged, longestTokenSeconds, lookEveryMs: 20 })
  }
  const end = async (on: EndingLog, grantId: string) => on.settle(await on.announce(grant(grantId)))
  const all = async (from: number) => (await first.after(from, 10_000)).map(({ grantId }) => grantId)

  test('an ending is in the log once it took effect, with everything that is known of it', async () => {
    const from = await first.head()
    const announced = await first.announce({ ...grant('whole'), why: 'operator', by: 'olga', requestId: 'r1' })
    expect(await first.after(from, 10)).toEqual([])
    expect(await first.settle(announced)).toBe(true)
    const [ending, ...more] = await first.after(from, 10)
    expect(more).toEqual([])
    const known = { what: 'grant', why: 'operator', by: 'olga', grantId: 'whole', accountId: 'anna', requestId: 'r1' }
    expect(ending).toMatchObject({ ...known, seq: from + 1, id: announced.id })
    expect(ending?.untilMs).toBeGreaterThanOrEqual(Number(ending?.atMs) + AN_HOUR * 1000)
    expect(await first.head()).toBe(from + 1)
  })

  test('an ending gets one place, however many settle it', async () => {
    const from = await first.head()
    const announced = await Promise.all(
      Array.from({ length: 20 }, (_, index) => first.announce(grant(`once-${index}`))),
    )
    const settled = await Promise.all(announced.flatMap((each) => [first.settle(each), other.settle(each)]))
    expect(settled.filter(Boolean)).toHaveLength(20)
    expect(await first.head()).toBe(from + 20)
    expect(new Set(await all(from)).size).toBe(20)
  })

  test('a reader that follows the log while many nodes end sign-ins misses none, and sees them in order', async () => {
    const from = await first.head()
    const seen: LoggedEnding[] = []
    let isOver = false
    const reading = (async () => {
      for (let last = from; ; ) {
        const wasOver = isOver
        const endings = await first.after(last, 7)
        seen.push(...endings)
        last = endings.at(-1)?.seq ?? last
        if (endings.length === 0 && wasOver) return
      }
    })()
    await Promise.all(
      Array.from({ length: 120 }, (_, index) => end(index % 2 ? first : other, `followed-${index}`)),
    ).finally(() => {
      isOver = true
    })
    await reading
    expect(seen.map(({ seq }) => seq)).toEqual(Array.from({ length: 120 }, (_, index) => from + 1 + index))
    expect(new Set(seen.map(({ grantId }) => grantId)).size).toBe(120)
  })

  test('an ending of a transaction that is rolled back is not announced', async () => {
    const from = await first.head()
    const rolledBack = database.knex.transaction(async (transaction) => {
      await first.announce(grant('rolled-back'), transaction)
      throw new Error('no')
    })
    await expect(rolledBack).rejects.toThrow('no')
    const committed = await database.knex.transaction((transaction) => first.announce(grant('committed'), transaction))
    await first.settle(committed)
    expect(await all(from)).toEqual(['committed'])
    expect((await first.unsettled(0, 100)).map(({ event }) => event.grantId)).not.toContain('rolled-back')
  })

  test('listeners hear of endings of this process and of others', async () => {
    const heard = { here: 0, there: 0 }
    const ends = [first.onNew(() => heard.here++), other.onNew(() => heard.there++)]
    await end(first, 'heard')
    await waitFor(() => heard.here > 0 && heard.there > 0)
    for (const stop of ends) stop()
  })

  test('texts that the database does not keep do not keep an ending out of the log', async () => {
    const from = await first.head()
    await first.settle(await first.announce({ ...grant('odd'), by: `a\0b\ud800${'x'.repeat(9000)}` }))
    expect((await first.after(from, 1))[0]?.by).toMatch(/^a\ufffdb\ufffdx+$/)
  })

  test('what is over is removed as far as everybody read, and the floor says how far', async () => {
    const long = await first.announce({ ...grant('over'), expiresAtMs: 1 })
    await first.settle(long)
    const last = await first.head()
    await end(first, 'not-over')
    expect(await first.prune(last - 1)).toBe(0)
    expect(await first.prune(last)).toBe(1)
    expect(await first.floor()).toBe(last)
    expect(await all(last - 1)).toEqual(['not-over'])
  })

  function repairOf(parts: Partial<RepairDeps>) {
    return openRepair({
      knex: database.knex,
      endingLog: first,
      unlogged: createUnlogged(createMemoryStorage()),
      sealKeys,
      endAgain: async () => undefined,
      publish: async () => {},
      readUpTo: async () => 0,
      log,
      everyMs: 20,
      afterMs: 0,
      ...parts,
    })
  }

  test('what was announced by a process that died is ended, told of and gets its place, once', async () => {
    const from = await first.head()
    await first.announce({
      what: 'access-token',
      why: 'revoked-by-client',
      tokenId: 'opaque',
      bearer: 'the token itself',
    })
    await first.announce({ what: 'customer', why: 'blocked', accountId: 'bert' })
    const [row] = await database.knex('sign_in_endings').where({ token_id: 'opaque' })
    expect(JSON.stringify(row)).not.toContain('the token itself')
    const ended: unknown[] = []
    const told: unknown[] = []
    const parts: Partial<RepairDeps> = {
      endAgain: async ({ event, bearer }) => {
        ended.push(bearer ?? event.accountId)
        return event.what === 'customer' ? 4711 : undefined
      },
      publish: async (event) => void told.push(event.tokenId ?? event.accountId),
    }
    const repairs = [repairOf(parts), repairOf({ ...parts, endingLog: other })]
    await waitFor(async () => (await first.head()) === from + 2)
    for (const repair of repairs) await repair.close()
    expect(new Set(ended)).toEqual(new Set(['the token itself', 'bert']))
    expect(told.toSorted()).toEqual(['bert', 'opaque'])
    const endings = await first.after(from, 10)
    expect(endings.find(({ accountId }) => accountId === 'bert')?.cutOffMs).toBe(4711)
    expect(await database.knex('sign_in_endings').whereNotNull('sealed').whereNotNull('seq')).toEqual([])
  })

  test('announcements that the database did not take wait in storage, and are in the log when it is back', async () => {
    const from = await first.head()
    const storage = createMemoryStorage()
    const unlogged = createUnlogged(storage)
    const away = {
      ...database,
      answeringWithin: () => Promise.reject(new Error('no connection')),
    } as unknown as Database
    const cut = openLog(away, unlogged.keep)
    const announced = await Promise.all(['kept-1', 'kept-2'].map((grantId) => cut.announce(grant(grantId))))
    for (const each of announced) expect(await cut.settle(each)).toBe(false)
    await cut.close()
    const repair = repairOf({ unlogged })
    await waitFor(async () => (await all(from)).length === 2)
    await repair.close()
    expect((await all(from)).toSorted()).toEqual(['kept-1', 'kept-2'])
    expect((await storage.list('UnloggedEnding', { limit: 10 })).found).toEqual([])
  })

  test('where neither takes it, the caller hears it', async () => {
    const away = {
      ...database,
      answeringWithin: () => Promise.reject(new Error('no connection')),
    } as unknown as Database
    await expect(openLog(away).announce(grant('nowhere'))).rejects.toThrow('away')
  })
})
