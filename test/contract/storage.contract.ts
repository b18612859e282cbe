import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Storage } from '../../src/storage/storage.ts'
import { describeOn } from '../support/describe-on.ts'
import { waitFor } from '../support/wait-for.ts'
import type { StorageBackend } from './storage-backends.ts'

/** Two nodes on the same backend. */
type StoragePair = { readonly first: Storage; readonly second: Storage; close(): Promise<void> }

const TTL = 60
/** Ends while a test waits, and not before it looked, on a slow machine either. */
const SHORT_TTL = 3

/** The suite of one backend; inside a concurrent `describe`, as many of its tests wait for an end of time. */
export function contractOn({ name, needs, prepare }: StorageBackend): void {
  const suite = () =>
    storageContract(async () => {
      const place = await prepare()
      const [first, second] = [await place.open(), await place.open()]
      return { first, second, close: place.close }
    })
  if (needs) describeOn(needs, `storage on ${name}`, suite)
  else describe(`storage on ${name}`, suite)
}

/** What every backend promises, whichever it is. */
function storageContract(open: () => Promise<StoragePair>): void {
  let pair: StoragePair
  let storage: Storage
  beforeAll(async () => {
    pair = await open()
    storage = pair.first
  })
  afterAll(() => pair?.close())

  keepsArtifacts(() => storage)
  lists(() => pair)
  hasOneWinner(() => storage)
  keepsOrder(() => pair)
  swaps(() => storage)
  counts(() => storage)
  raises(() => pair)
  tellsNodes(() => pair)
}

function keepsArtifacts(of: () => Storage): void {
  test('what is put is read back as it was, and nothing else', async () => {
    const id = randomUUID()
    const artifact = { text: 'ünï – "quoted" \n\u0000', number: 1.5, list: [1, null, { deep: true }], empty: {} }
    await of().put('Thing', id, artifact, TTL)
    expect(await of().get('Thing', id)).toEqual({ artifact, version: 0 })
    expect(await of().get('Other', id)).toBeUndefined()
    expect(await of().get('Thing', randomUUID())).toBeUndefined()
  })

  test('names of any kind are kept apart', async () => {
    const id = randomUUID()
    const artifact = { a: 1, accountId: 2, '~a': 3, '~': 4, R: 5, resources: { a: 6, accountId: 7 }, __proto: 8 }
    await of().put('Thing', id, artifact, TTL)
    expect((await of().get('Thing', id))?.artifact).toEqual(artifact)
  })

  test('putting again replaces, also what was used', async () => {
    const id = randomUUID()
    await of().put('Thing', id, { at: 1 }, TTL)
    await of().consume('Thing', id)
    await of().put('Thing', id, { at: 2 }, TTL)
    expect(await of().get('Thing', id)).toEqual({ artifact: { at: 2 }, version: 0 })
  })

  test('several are read in the order asked for, absent ones as undefined', async () => {
    const [first, second] = [randomUUID(), randomUUID()]
    await Promise.all([of().put('Thing', first, { at: 1 }, TTL), of().put('Other', second, { at: 2 }, TTL)])
    const keys = [
      { kind: 'Other', id: second },
      { kind: 'Thing', id: second },
      { kind: 'Thing', id: first },
      { kind: 'Other', id: second },
    ]
    const found = await of().getMany(keys)
    expect(found.map((stored) => stored?.artifact.at)).toEqual([2, undefined, 1, 2])
    expect(await of().getMany([])).toEqual([])
  })

  test('an artifact is found by its second names, within its kind', async () => {
    const [id, uid, userCode] = [randomUUID(), randomUUID(), randomUUID()]
    await of().put('Thing', id, { uid, userCode }, TTL)
    expect((await of().findBy('Thing', 'uid', uid))?.artifact).toEqual({ uid, userCode })
    expect((await of().findBy('Thing', 'userCode', userCode))?.artifact).toEqual({ uid, userCode })
    expect(await of().findBy('Other', 'uid', uid)).toBeUndefined()
    expect(await of().findBy('Thing', 'uid', userCode)).toBeUndefined()
    await of().remove('Thing', id)
    expect(await of().findBy('Thing', 'uid', uid)).toBeUndefined()
  })

  test('a second name that is given again leads to the newest', async () => {
    const [first, second, userCode] = [randomUUID(), randomUUID(), randomUUID()]
    await of().put('Thing', first, { at: 1, userCode }, TTL)
    await of().put('Thing', second, { at: 2, userCode }, TTL + 5)
    expect((await of().findBy('Thing', 'userCode', userCode))?.artifact.at).toBe(2)
  })

  test('what was removed is gone, and removing nothing is no error', async () => {
    const id = randomUUID()
    await of().put('Thing', id, {}, TTL)
    await of().remove('Thing', id)
    await of().remove('Thing', id)
    expect(await of().get('Thing', id)).toBeUndefined()
  })

  test('an artifact ends with its time; a longer life is given, a shorter one is not, a new one neither', async () => {
    const [short, long, kept] = [randomUUID(), randomUUID(), randomUUID()]
    await of().put('Thing', short, {}, SHORT_TTL)
    await of().put('Thing', long, {}, SHORT_TTL)
    await of().put('Thing', kept, {}, TTL)
    await of().extend('Thing', long, TTL)
    await of().extend('Thing', kept, SHORT_TTL)
    await waitFor(async () => (await of().get('Thing', short)) === undefined, { what: 'the end of its time' })
    expect(await of().get('Thing', long)).toBeDefined()
    await of().extend('Thing', short, TTL)
    expect(await of().get('Thing', short)).toBeUndefined()
    expect(await of().consume('Thing', short)).toBe(false)
    expect(await of().swap('Thing', short, 0, { artifact: {}, ttlSeconds: TTL })).toBe(false)
    await waitFor(async () => (await of().get('Thing', kept)) !== undefined)
  })
}

/** Everything that is listed, read in parts of two. */
async function readList(storage: Storage): Promise<unknown[]> {
  const names: unknown[] = []
  let after: string | undefined
  do {
    const { found, next } = await storage.list('LockoutBlock', { limit: 2, ...(after !== undefined && { after }) })
    expect(found.length).toBeLessThanOrEqual(2)
    names.push(...found.map(({ artifact }) => artifact.name))
    after = next
  } while (after !== undefined)
  return names.sort()
}

function lists(of: () => StoragePair): void {
  // One test: all of them share the list.
  test('what is put of a listed kind is listed once, on every node, until it is removed or ends', async () => {
    const { first, second } = of()
    expect(await first.list('LockoutBlock', { limit: 100 })).toEqual({ found: [] })
    const names = ['a', 'b', 'c', 'd', 'e']
    await Promise.all(names.map((name) => first.put('LockoutBlock', name, { name }, TTL)))
    await second.put('LockoutBlock', 'c', { name: 'c' }, TTL + 5)
    await first.put('Other', 'x', { name: 'x' }, TTL)
    expect(await readList(second)).toEqual(names)
    const whole = await second.list('LockoutBlock', { limit: 5 })
    expect([whole.found.length, whole.next]).toEqual([5, undefined])

    const { next } = await first.list('LockoutBlock', { limit: 2 })
    await second.remove('LockoutBlock', 'c')
    expect(await readList(first)).toEqual(['a', 'b', 'd', 'e'])
    // A place that is not there any more, and what is none.
    for (const after of [next ?? '', 'no place', 'ünï']) {
      expect((await first.list('LockoutBlock', { limit: 9, after })).found.length).toBeLessThanOrEqual(4)
    }

    await first.put('LockoutBlock', 'short', { name: 'short' }, SHORT_TTL)
    expect(await readList(first)).toContain('short')
    await waitFor(async () => !(await readList(second)).includes('short'), { what: 'the end of its time' })
    expect(await readList(first)).toEqual(['a', 'b', 'd', 'e'])
  })
}

function hasOneWinner(of: () => Storage): void {
  test('an artifact is used once, and remembers when', async () => {
    const id = randomUUID()
    const startedAt = Math.floor(Date.now() / 1000)
    await of().put('Thing', id, { at: 1 }, TTL)
    expect(await of().consume('Thing', id)).toBe(true)
    expect(await of().consume('Thing', id)).toBe(false)
    const stored = await of().get('Thing', id)
    expect(stored).toMatchObject({ artifact: { at: 1 }, version: 0 })
    expect(stored?.consumedAt).toBeGreaterThanOrEqual(startedAt)
    expect(stored?.consumedAt).toBeLessThanOrEqual(Math.ceil(Date.now() / 1000))
    expect(await of().consume('Thing', randomUUID())).toBe(false)
  })

  test('being used does not change when an artifact ends', async () => {
    const id = randomUUID()
    await of().put('Thing', id, {}, SHORT_TTL)
    await of().consume('Thing', id)
    await waitFor(async () => (await of().get('Thing', id)) === undefined, { what: 'the end of its time' })
  })

  test('putting once succeeds once, and again when the first has ended', async () => {
    const id = randomUUID()
    expect(await of().putOnce('Thing', id, { at: 1 }, SHORT_TTL)).toBe(true)
    expect(await of().putOnce('Thing', id, { at: 2 }, TTL)).toBe(false)
    expect((await of().get('Thing', id))?.artifact).toEqual({ at: 1 })
    await waitFor(() => of().putOnce('Thing', id, { at: 3 }, TTL), { what: 'the first to end' })
    expect((await of().get('Thing', id))?.artifact).toEqual({ at: 3 })
  })
}

function swaps(of: () => Storage): void {
  test('swaps that come together win and lose each by itself, with the receipt of its own', async () => {
    const run = randomUUID()
    const ids = Array.from({ length: 150 }, (_, index) => `${run}-${index}`)
    const [missing, ...there] = ids
    await Promise.all(there.map((id) => of().put('Thing', id, {}, TTL)))
    const twins = ids.flatMap((id) => ['first', 'second'].map((by) => ({ id, by })))
    const won = await Promise.all(
      twins.map(({ id, by }) =>
        of().swap('Thing', id, 0, {
          artifact: { id, by },
          ttlSeconds: TTL,
          ...(by === 'first' && { receipt: { body: id, ttlSeconds: TTL } }),
        }),
      ),
    )
    const winners = twins.filter((_, index) => won[index])
    expect(winners.map(({ id }) => id)).toEqual(there)
    const stored = await of().getMany(winners.map(({ id }) => ({ kind: 'Thing', id })))
    expect(stored).toEqual(winners.map((artifact) => ({ artifact, version: 1 })))
    const receipts = await Promise.all(winners.map(({ id }) => of().receipt('Thing', id)))
    expect(receipts).toEqual(winners.map(({ id, by }) => (by === 'first' ? id : undefined)))
    expect(await of().get('Thing', String(missing))).toBeUndefined()
  })

  test('a swap needs the version that was read, and raises it', async () => {
    const id = randomUUID()
    const next = (at: number) => ({ artifact: { at }, ttlSeconds: TTL })
    await of().put('Thing', id, { at: 0 }, TTL)
    expect(await of().swap('Thing', id, 0, next(1))).toBe(true)
    expect(await of().swap('Thing', id, 0, next(9))).toBe(false)
    expect(await of().swap('Thing', id, 1, next(2))).toBe(true)
    expect(await of().get('Thing', id)).toEqual({ artifact: { at: 2 }, version: 2 })
    expect(await of().swap('Thing', randomUUID(), 0, next(1))).toBe(false)
  })

  test("the winner's receipt is there for the loser, until its own end", async () => {
    const id = randomUUID()
    const receipt = (body: string, ttlSeconds: number) => ({
      artifact: {},
      ttlSeconds: TTL,
      receipt: { body, ttlSeconds },
    })
    await of().put('Thing', id, {}, TTL)
    expect(await of().receipt('Thing', id)).toBeUndefined()
    await of().swap('Thing', id, 0, receipt('first', TTL))
    expect(await of().receipt('Thing', id)).toBe('first')
    await of().swap('Thing', id, 1, { artifact: {}, ttlSeconds: TTL })
    expect(await of().receipt('Thing', id)).toBeUndefined()
    await of().swap('Thing', id, 2, receipt('second', SHORT_TTL))
    expect(await of().receipt('Thing', id)).toBe('second')
    await waitFor(async () => (await of().receipt('Thing', id)) === undefined, { what: 'the end of the receipt' })
    expect(await of().get('Thing', id)).toBeDefined()
  })

  test('a receipt goes with its artifact', async () => {
    const id = randomUUID()
    await of().put('Thing', id, {}, TTL)
    await of().swap('Thing', id, 0, { artifact: {}, ttlSeconds: TTL, receipt: { body: 'kept', ttlSeconds: TTL } })
    await of().remove('Thing', id)
    expect(await of().receipt('Thing', id)).toBeUndefined()
  })
}

function counts(of: () => Storage): void {
  test('a counter counts, gives back, and never falls below zero', async () => {
    const key = randomUUID()
    expect(await of().increment(key, TTL)).toBe(1)
    expect(await of().increment(key, TTL, 5)).toBe(6)
    expect(await of().increment(key, TTL, -2)).toBe(4)
    expect(await of().increment(key, TTL, -100)).toBe(0)
    expect(await of().increment(randomUUID(), TTL, -3)).toBe(0)
    expect(await of().increment(key, TTL)).toBe(1)
  })

  test('counting does not lengthen the window', async () => {
    const key = randomUUID()
    await of().increment(key, SHORT_TTL, 10)
    await waitFor(async () => (await of().increment(key, TTL)) < 10, { what: 'a new window' })
  })
}

function keepsOrder(pair: () => StoragePair): void {
  test('where order is kept, what is read in the turn of a count is as new as the count', async () => {
    const { first, second } = pair()
    if (!first.keepsOrder) return
    const before = 1000
    for (let round = 0; round < 50; round++) {
      const key = randomUUID()
      await second.increment(key, TTL, before)
      const [reads] = await Promise.all([
        Promise.all(
          Array.from({ length: 5 }, () =>
            Promise.all([first.increment(key, TTL), first.getMany([{ kind: 'Mark', id: key }])]),
          ),
        ),
        second.put('Mark', key, {}, TTL).then(() => second.increment(key, TTL, -before)),
      ])
      for (const [count, [mark]] of reads) expect(count > before || mark !== undefined).toBe(true)
    }
  })
}

function raises(pair: () => StoragePair): void {
  test('an instant is raised and never lowered', async () => {
    const { first } = pair()
    const id = randomUUID()
    for (const [atMs, kept] of [
      [1_700_000_000_500, 1_700_000_000_500],
      [1_700_000_000_499, 1_700_000_000_500],
      [999, 1_700_000_000_500],
      [1_700_000_000_501.5, 1_700_000_000_501.5],
    ] as const) {
      await first.raise('Instant', id, atMs, TTL)
      expect(await first.get('Instant', id)).toEqual({ artifact: { atMs: kept }, version: 0 })
    }
    expect(await first.get('Other', id)).toBeUndefined()
  })

  test('an instant that was put, as earlier releases do, is raised and never lowered', async () => {
    const { first } = pair()
    const id = randomUUID()
    await first.put('Instant', id, { atMs: 5000 }, TTL)
    await first.raise('Instant', id, 4000, TTL)
    expect((await first.get('Instant', id))?.artifact).toEqual({ atMs: 5000 })
    await first.raise('Instant', id, 6000, TTL)
    expect((await first.get('Instant', id))?.artifact).toEqual({ atMs: 6000 })
  })

  test('of instants raised by two nodes at once, in any order, the latest stays', async () => {
    const { first, second } = pair()
    const id = randomUUID()
    const instants = Array.from({ length: 200 }, (_, index) => 1_700_000_000_000 + ((index * 77) % 200))
    for (let from = 0; from < instants.length; from += 20) {
      const wave = instants.slice(from, from + 20)
      await Promise.all(wave.map((atMs, index) => (index % 2 ? first : second).raise('Instant', id, atMs, TTL)))
    }
    expect((await second.get('Instant', id))?.artifact).toEqual({ atMs: 1_700_000_000_199 })
  })

  test('the life of an instant is lengthened and never shortened, by an earlier and by a later one', async () => {
    const { first } = pair()
    const [short, earlier, later, lengthened] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()]
    await first.raise('Instant', earlier, 2000, TTL)
    await first.raise('Instant', later, 2000, TTL)
    await first.raise('Instant', lengthened, 2000, SHORT_TTL)
    await first.raise('Instant', lengthened, 1000, TTL)
    await first.raise('Instant', earlier, 1000, SHORT_TTL)
    await first.raise('Instant', later, 3000, SHORT_TTL)
    await first.raise('Instant', short, 2000, SHORT_TTL)
    await waitFor(async () => (await first.get('Instant', short)) === undefined, { what: 'the end of its time' })
    const kept = await first.getMany([earlier, later, lengthened].map((id) => ({ kind: 'Instant', id })))
    expect(kept.map((stored) => stored?.artifact.atMs)).toEqual([2000, 3000, 2000])
    await first.raise('Instant', short, 1000, TTL)
    expect((await first.get('Instant', short))?.artifact, 'one that ended counts no more').toEqual({ atMs: 1000 })
  })
}

function tellsNodes(pair: () => StoragePair): void {
  test('what one node writes, another reads at once', async () => {
    const id = randomUUID()
    await pair().first.put('Thing', id, { at: 1 }, TTL)
    expect((await pair().second.get('Thing', id))?.artifact).toEqual({ at: 1 })
    expect(await pair().second.consume('Thing', id)).toBe(true)
    expect(await pair().first.consume('Thing', id)).toBe(false)
  })

  test('a topic reaches those who listen to it, on every node, with what it is about', async () => {
    const [topic, other] = [randomUUID(), randomUUID()]
    const heard: string[] = []
    for (const [name, node] of [
      ['first', pair().first],
      ['second', pair().second],
    ] as const) {
      node.subscribe(topic, (about) => heard.push(`${name} ${about}`.trim()))
    }
    pair().second.subscribe(other, () => heard.push('other'))
    // Subscribing takes a moment; a message sent before is not heard.
    await waitFor(async () => {
      await pair().first.publish(topic)
      return heard.includes('first') && heard.includes('second')
    })
    await waitFor(async () => {
      await pair().first.publish(topic, 'something')
      return heard.includes('first something') && heard.includes('second something')
    })
    expect(heard).not.toContain('other')
  })

  test('ping succeeds while the backend answers', async () => {
    await expect(pair().first.ping()).resolves.toBeUndefined()
  })
}
