import { randomInt } from 'node:crypto'
import { gzipSync, inflateSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { encodeList, packStatuses } from '../../../src/oauth/status-lists/pack-statuses.ts'
import { createPlaceGiver, shardOf } from '../../../src/oauth/status-lists/place-giver.ts'
import { statusAt } from './read-status.ts'

const pairs = (statuses: readonly number[]) => statuses.map((status, place) => [place, status] as const)

describe('the vectors of the draft', () => {
  test.each([
    [1, [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1], 'b9a3', 'eNrbuRgAAhcBXQ'],
    [2, [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3], 'c944f9', 'eNo76fITAAPfAgc'],
  ] as const)('of %i bits', async (bits, statuses, hex, lst) => {
    const bytes = packStatuses(pairs(statuses), { bits, size: statuses.length })
    expect(Buffer.from(bytes).toString('hex')).toBe(hex)
    expect(await encodeList(bytes, bits)).toEqual({ bits, lst })
    expect(statuses.map((_, place) => statusAt({ bits, lst }, place))).toEqual(statuses)
  })

  test('of 2^20 places, which other packers encode in other bytes that unpack to the same', async () => {
    const set = [0, 1993, 25460, 159495, 495669, 554353, 645645, 723232, 854545, 934534, 1000345]
    const bytes = packStatuses(
      set.map((place) => [place, 1] as const),
      { bits: 1, size: 2 ** 20 },
    )
    const list = await encodeList(bytes, 1)
    expect(list.lst.startsWith('eNrt3AENwCA')).toBe(true)
    expect(list.lst.length).toBeLessThan(260)
    expect(inflateSync(Buffer.from(list.lst, 'base64url')).equals(Buffer.from(bytes))).toBe(true)
    for (const place of set)
      expect([place - 1, place, place + 1].map((each) => statusAt(list, each))).toEqual([
        place === 0 ? undefined : 0,
        1,
        0,
      ])
  })

  test.each([1, 2, 4, 8] as const)(
    'statuses of %i bits come back as they were, and beyond the list there is none',
    async (bits) => {
      const statuses = Array.from({ length: 37 }, (_, index) => (index * 7) % 2 ** bits)
      const list = await encodeList(packStatuses(pairs(statuses), { bits, size: 40 }), bits)
      expect(statuses.map((_, place) => statusAt(list, place))).toEqual(statuses)
      expect([statusAt(list, 40), statusAt(list, -1)]).toEqual([undefined, undefined])
    },
  )

  test('10,000 of a million tokens are less than 19 KB on the wire', async () => {
    const places = new Set<number>()
    while (places.size < 10_000) places.add(randomInt(1_000_000))
    const bytes = packStatuses(
      [...places].map((place) => [place, 1] as const),
      { bits: 1, size: 2 ** 20 },
    )
    const status_list = await encodeList(bytes, 1)
    const payload = JSON.stringify({ sub: 'https://id.shop.example/status-lists/1', status_list })
    expect(gzipSync(Buffer.from(payload).toString('base64url')).length).toBeLessThan(19_000)
  })

  test('a place beyond the list changes nothing', () => {
    expect([...packStatuses([[99, 1]], { bits: 1, size: 16 })]).toEqual([0, 0])
  })
})

describe('places', () => {
  test('are given once each, shuffled, at the cost of one write a block', async () => {
    let reserved = 0
    const give = createPlaceGiver(async () => ({ listId: '7', first: 64 * reserved++ }), 64)
    const given = await Promise.all(Array.from({ length: 1000 }, () => give(3600)))
    const places = given.map(({ place }) => place)
    expect(new Set(places).size).toBe(1000)
    expect(reserved).toBe(Math.ceil(1000 / 64))
    expect(Math.max(...places)).toBeLessThan(64 * reserved)
    expect(places.slice(0, 64)).not.toEqual(places.slice(0, 64).toSorted((one, other) => one - other))
  })

  test('a block that cannot be reserved fails who waits for it, and no one after', async () => {
    let isAway = true
    const give = createPlaceGiver(async () => {
      if (isAway) throw new Error('away')
      return { listId: '1', first: 0 }
    }, 8)
    await expect(Promise.all([give(1), give(1)])).rejects.toThrow('away')
    isAway = false
    expect(await give(1)).toMatchObject({ listId: '1' })
  })

  test('a shard ends no earlier than the tokens in it, and long tokens share days', () => {
    const now = 1_800_000_123
    for (const seconds of [1, 900, 28_800, 86_400]) {
      const end = shardOf(now + seconds, now)
      expect([end >= now + seconds, end % 3600, end - now - seconds < 3600]).toEqual([true, 0, true])
    }
    expect(shardOf(now + 30 * 86_400, now) % 86_400).toBe(0)
  })
})
