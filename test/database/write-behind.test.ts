import { expect, test } from 'vitest'
import { openWriteBehind } from '../../src/database/write-behind.ts'
import { waitFor } from '../support/wait-for.ts'

/** A queue over a list that can be away. */
function open(complete?: () => number | undefined) {
  const store = { written: [] as number[], batches: [] as number[], failures: 0, isAway: false }
  const queue = openWriteBehind<number>({
    async write(batch) {
      if (store.isAway) throw new Error('away')
      store.batches.push(batch.length)
      store.written.push(...batch)
    },
    onFailed: () => void store.failures++,
    ...(complete && { complete }),
  })
  return { store, queue }
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)

test('rows are written by themselves, in the order in which they came, and again and again', async () => {
  const { store, queue } = open()
  for (const row of numbers(3)) {
    queue.add(row)
    await waitFor(() => store.written.includes(row))
  }
  expect(store.written).toEqual(numbers(3))
  await queue.close()
})

test('what waited for an outage to end is written in order, in batches that keep nobody for long', async () => {
  const { store, queue } = open()
  store.isAway = true
  for (const row of numbers(4500)) queue.add(row)
  await queue.flush()
  expect([queue.waiting(), store.failures]).toEqual([4500, 1])
  store.isAway = false
  await waitFor(() => queue.waiting() === 0)
  expect(store.written).toEqual(numbers(4500))
  expect(store.batches).toEqual([2000, 2000, 500])
  await queue.close()
})

test('rows beyond the room are refused, and the row that says so is written as soon as there is room', async () => {
  let refused = 0
  const { store, queue } = open(() => {
    const said = refused === 0 ? undefined : -refused
    refused = 0
    return said
  })
  for (const row of numbers(20_003)) if (!queue.add(row)) refused += 1
  expect([queue.waiting(), refused]).toEqual([20_000, 3])
  await queue.flush()
  expect(store.written).toHaveLength(20_001)
  expect(store.written).toContain(-3)
  await queue.close()
})

test('closing writes what waits', async () => {
  const { store, queue } = open()
  queue.add(1)
  await queue.close()
  expect(store.written).toEqual([1])
})
